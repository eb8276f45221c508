/** What must be changed before a design can be carried out, as statements that can be read and run. Pure. */
import type { DesignChange } from '../../contract/advisor';
import { listed, readable, sizeWords } from '../plan';
import type { Placed } from './assignment';
import type { SqlQuoting } from '../plan';
import type { Grouped } from './groups';
import type { KeyFate, UniqueFate } from './key-fates';
import type { Model } from './model';

export function designChanges(
  model: Model,
  grouped: Grouped,
  keys: readonly KeyFate[],
  uniques: readonly UniqueFate[],
  sql: SqlQuoting,
): readonly DesignChange[] {
  return [
    ...triggerChanges(model, grouped.placed, sql),
    ...keyChanges(model, keys, sql),
    ...typeChanges(model, grouped, sql),
    ...addedColumns(model, grouped, sql),
    ...uniqueChanges(model, grouped.placed, uniques, sql),
  ];
}

function triggerChanges(model: Model, placed: readonly Placed[], sql: SqlQuoting): readonly DesignChange[] {
  if (model.facts.allowsTriggers) return [];
  return model.tables.flatMap((table, index) => {
    const one = placed[index];
    if (table.triggers.length === 0 || !one || one.isKept) return [];
    if (one.becomes !== 'distributed' && one.becomes !== 'reference') return [];
    return [
      {
        table: { schema: table.schema, name: table.name },
        code: 'drop-trigger' as const,
        message: `${readable(table)} loses ${table.triggers.length === 1 ? 'the trigger' : 'the triggers'} ${listed(table.triggers)}; they would not run on the shards.`,
        cost: 'What they do has to be done by the application.',
        sql: table.triggers
          .map((trigger) => `DROP TRIGGER ${sql.identifier(trigger)} ON ${sql.qualified(table)};`)
          .join('\n'),
      },
    ];
  });
}

function keyChanges(model: Model, keys: readonly KeyFate[], sql: SqlQuoting): readonly DesignChange[] {
  return keys.flatMap((one) => {
    const child = model.tables[one.link.from];
    const parent = model.tables[one.link.to];
    if (one.fate === 'kept' || one.link.key === null || !child || !parent) return [];
    const drop = `ALTER TABLE ${sql.qualified(child)} DROP CONSTRAINT ${sql.identifier(one.link.key.name)};`;
    const isWidened = one.fate === 'widened';
    return [
      {
        table: { schema: child.schema, name: child.name },
        code: isWidened ? ('widen-foreign-key' as const) : ('drop-foreign-key' as const),
        message: isWidened
          ? `Foreign key ${one.link.key.name} to ${readable(parent)} becomes (${one.columns.join(', ')}): ${one.why}.`
          : `Foreign key ${one.link.key.name} to ${readable(parent)} is lost: ${one.why}.`,
        cost: isWidened
          ? 'It is checked anew over all rows once both tables are distributed.'
          : 'The rule is no longer held by the database.',
        sql: drop,
      },
    ];
  });
}

function typeChanges(model: Model, grouped: Grouped, sql: SqlQuoting): readonly DesignChange[] {
  return [...grouped.typeChanges].flatMap(([index, type]) => {
    const table = model.tables[index];
    const column = grouped.placed[index]?.column ?? null;
    if (!table || column === null) return [];
    const from = model.column(index, column)?.type ?? '';
    return [
      {
        table: { schema: table.schema, name: table.name },
        code: 'change-type' as const,
        message: `${readable(table)}: ${column} is ${from}, the columns it lies beside are ${type}; equal values must have one type.`,
        cost:
          type === 'text'
            ? 'No row is rewritten. Views that read the column must be made anew.'
            : `Rewrites ${sizeWords(table.bytes)} under an exclusive lock. Views that read the column must be made anew.`,
        sql: `ALTER TABLE ${sql.qualified(table)} ALTER COLUMN ${sql.identifier(column)} TYPE ${type};`,
      },
    ];
  });
}

/** Parents before children: a child is filled from what its parent was given. */
function addedColumns(model: Model, grouped: Grouped, sql: SqlQuoting): readonly DesignChange[] {
  const waiting = [...grouped.placed.keys()].filter((index) => grouped.placed[index]?.derived);
  const ordered: number[] = [];
  const done = new Set<number>();
  const visit = (index: number): void => {
    if (done.has(index)) return;
    done.add(index);
    const derived = grouped.placed[index]?.derived;
    if (!derived) return;
    visit(derived.link.to);
    ordered.push(index);
  };
  waiting.forEach(visit);
  return ordered.flatMap((index) => {
    const child = model.tables[index];
    const one = grouped.placed[index];
    const derived = one?.derived;
    const parent = derived ? model.tables[derived.link.to] : undefined;
    if (!child || !one || !derived || !parent || one.column === null || one.group === null) return [];
    const column = sql.identifier(one.column);
    const on = derived.link.columns
      .map(
        (name, position) =>
          `c.${sql.identifier(name)} = p.${sql.identifier(derived.link.referenced[position] ?? '')}`,
      )
      .join(' AND ');
    return [
      {
        table: { schema: child.schema, name: child.name },
        code: 'add-column' as const,
        message: `${readable(child)} has no ${one.column}: it is added and filled from ${readable(parent)}. Every statement that writes ${readable(child)} must give it from then on, and those that read it should.`,
        cost: `Rewrites ${sizeWords(child.bytes)} while reads and writes of the same rows wait.`,
        sql: [
          `ALTER TABLE ${sql.qualified(child)} ADD COLUMN ${column} ${grouped.types.get(one.group) ?? ''};`,
          `UPDATE ${sql.qualified(child)} AS c SET ${column} = p.${sql.identifier(derived.parentColumn)} FROM ${sql.qualified(parent)} AS p WHERE ${on};`,
          `ALTER TABLE ${sql.qualified(child)} ALTER COLUMN ${column} SET NOT NULL;`,
        ].join('\n'),
      },
    ];
  });
}

const uniqueWords = {
  'primary-key': 'primary key',
  unique: 'unique constraint',
  exclusion: 'exclusion constraint',
  'unique-index': 'unique index',
} as const;

function uniqueChanges(
  model: Model,
  placed: readonly Placed[],
  uniques: readonly UniqueFate[],
  sql: SqlQuoting,
): readonly DesignChange[] {
  return uniques.flatMap(({ table: index, unique, fate, isSurrogate }): readonly DesignChange[] => {
    const table = model.tables[index];
    const column = placed[index]?.column ?? null;
    if (!table || column === null) return [];
    const words = `${uniqueWords[unique.kind]} ${unique.name}`;
    const drop =
      unique.kind === 'unique-index'
        ? `DROP INDEX ${sql.qualified({ schema: table.schema, name: unique.name })};`
        : `ALTER TABLE ${sql.qualified(table)} DROP CONSTRAINT ${sql.identifier(unique.name)};`;
    if (fate === 'lost') {
      return [
        {
          table: { schema: table.schema, name: table.name },
          code: unique.kind === 'exclusion' ? 'drop-exclusion' : 'drop-unique',
          message: `${readable(table)}: the ${words} does not hold ${column} and is dropped; no node can keep the rule for rows of the others.`,
          cost: 'The rule is no longer held by the database.',
          sql: drop,
        },
      ];
    }
    const columns = [column, ...unique.columns].map(sql.identifier).join(', ');
    const add =
      unique.kind === 'unique-index'
        ? `CREATE UNIQUE INDEX ${sql.identifier(unique.name)} ON ${sql.qualified(table)} (${columns});`
        : `ALTER TABLE ${sql.qualified(table)} ADD CONSTRAINT ${sql.identifier(unique.name)} ${unique.kind === 'primary-key' ? 'PRIMARY KEY' : 'UNIQUE'} (${columns});`;
    return [
      {
        table: { schema: table.schema, name: table.name },
        code: 'widen-key',
        message:
          `${readable(table)}: the ${words} (${unique.columns.join(', ')}) has to include ${column}.`
          + (isSurrogate
            ? ' Its values are unique by themselves.'
            : ` It then holds only for one value of ${column}: ${listed(unique.columns)} may come twice.`),
        cost: `Builds its index anew over ${sizeWords(table.bytes)}; writes wait meanwhile.`,
        sql: `${drop}\n${add}`,
      },
    ];
  });
}
