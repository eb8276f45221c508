/**
 * A design as an SQL script that can be run top to bottom. The order is what Citus asks for: keys that stand in the way
 * leave first, then columns and keys change, then reference tables (parents before children), then distributed tables
 * (parents before children, each beside the first of its group), then the keys come back, then the local copies go. Pure.
 */
import type { DesignChange } from '../../contract/advisor';
import type { TableName } from '../../contract/cluster';
import { readable } from '../plan';
import type { Placed } from './assignment';
import { designChanges } from './changes';
import type { Advising, Evaluated } from './design';
import { firstOfGroups } from './design';
import type { KeyFate } from './key-fates';
import type { Model } from './model';

export interface ScriptPart {
  readonly title: string;
  readonly statements: readonly string[];
}

export function scriptParts(advising: Advising, evaluated: Evaluated): readonly ScriptPart[] {
  const { judge, sql } = advising;
  const { model } = judge;
  const { placed, keys, uniques, grouped, shardCount } = evaluated;
  const changes = designChanges(model, grouped, keys, uniques, sql);
  const comesBack = keys.filter((key) => key.fate === 'widened' || stepsAside(placed, key));
  const dropped = keys.filter(
    (key) => key.link.key !== null && (key.fate !== 'kept' || stepsAside(placed, key)),
  );
  const nameOf = (index: number): TableName => model.tables[index] ?? { schema: '', name: '' };
  const called = (index: number): string => sql.literal(sql.qualified(nameOf(index)));
  const firsts = firstOfGroups(advising, evaluated);
  const fresh = [...placed.keys()].filter((index) => placed[index]?.isKept === false);
  const references = inParentOrder(
    model,
    fresh.filter((index) => placed[index]?.becomes === 'reference'),
  );
  const isFirst = (index: number): boolean => firsts.get(placed[index]?.group ?? NaN) === index;
  const distributed = inParentOrder(
    model,
    fresh.filter((index) => placed[index]?.becomes === 'distributed'),
  );
  // The first of a group is what the others name, so it comes before them even where a key points the other way.
  const ordered = [...distributed.filter(isFirst), ...distributed.filter((index) => !isFirst(index))];
  const schemas = [
    ...new Set(fresh.flatMap((index) => (placed[index]?.becomes === 'schema' ? [nameOf(index).schema] : []))),
  ];
  const distribute = (index: number): string => {
    const one = placed[index] as Placed;
    const first = firsts.get(one.group ?? NaN);
    const beside =
      first === undefined || first === index
        ? `shard_count => ${shardCount.count}, colocate_with => 'none'`
        : `colocate_with => ${called(first)}`;
    return `SELECT create_distributed_table(${called(index)}, ${sql.literal(one.column ?? '')}, ${beside});`;
  };
  const parts: readonly ScriptPart[] = [
    { title: 'Triggers that would not run on shards', statements: sqlOf(changes, 'drop-trigger') },
    {
      title: 'Foreign keys that are lost, or step aside until their tables lie where they belong',
      statements: dropped.map(
        ({ link }) =>
          `ALTER TABLE ${sql.qualified(nameOf(link.from))} DROP CONSTRAINT ${sql.identifier(link.key?.name ?? '')};`,
      ),
    },
    {
      title: 'Columns',
      statements: [...sqlOf(changes, 'change-type'), ...sqlOf(changes, 'add-column')],
    },
    {
      title: 'Unique keys, which must contain the distribution column',
      statements: [
        ...sqlOf(changes, 'widen-key'),
        ...sqlOf(changes, 'drop-unique'),
        ...sqlOf(changes, 'drop-exclusion'),
      ],
    },
    {
      title: 'Reference tables',
      statements: references.map((index) => `SELECT create_reference_table(${called(index)});`),
    },
    { title: 'Distributed tables', statements: ordered.map(distribute) },
    {
      title: 'Schemas',
      statements: schemas.map(
        (schema) => `SELECT citus_schema_distribute(${sql.literal(sql.identifier(schema))});`,
      ),
    },
    {
      title: 'Foreign keys that come back',
      statements: comesBack.flatMap((key) => (key.link.key ? [addKey(advising, key)] : [])),
    },
    {
      title: 'Copies that are left on the coordinator',
      statements: [...references, ...ordered]
        .toReversed()
        .map((index) => `SELECT truncate_local_data_after_distributing_table(${called(index)});`),
    },
  ];
  return parts.filter(({ statements }) => statements.length > 0);
}

/**
 * A key from a table that will be distributed to one that will be a reference table: with the key in place Citus would
 * take the child into its metadata as a local table, and then refuse to distribute what the child points to.
 */
function stepsAside(placed: readonly Placed[], { link, fate }: KeyFate): boolean {
  const from = placed[link.from];
  const to = placed[link.to];
  return (
    fate === 'kept'
    && from?.becomes === 'distributed'
    && to?.becomes === 'reference'
    && !(from.isKept && to.isKept)
  );
}

function sqlOf(changes: readonly DesignChange[], code: DesignChange['code']): readonly string[] {
  return changes.filter((change) => change.code === code).flatMap((change) => change.sql.split('\n'));
}

function addKey(advising: Advising, key: KeyFate): string {
  const { judge, sql } = advising;
  const { link } = key;
  const child = judge.model.tables[link.from];
  const parent = judge.model.tables[link.to];
  if (!child || !parent || !link.key) return '';
  const add = `ALTER TABLE ${sql.qualified(child)} ADD CONSTRAINT ${sql.identifier(link.key.name)}`;
  if (key.fate === 'kept') return `${add} ${link.key.definition.replaceAll('\n', ' ')};`;
  const list = (names: readonly string[]): string => names.map(sql.identifier).join(', ');
  const onDelete = link.key.onDelete === 'no action' ? '' : ` ON DELETE ${link.key.onDelete.toUpperCase()}`;
  const onUpdate = link.key.onUpdate === 'no action' ? '' : ` ON UPDATE ${link.key.onUpdate.toUpperCase()}`;
  return `${add} FOREIGN KEY (${list(key.columns)}) REFERENCES ${sql.qualified(parent)} (${list(key.referenced)})${onDelete}${onUpdate};`;
}

/** Parents before children; a cycle is cut where it was entered. */
export function inParentOrder(model: Model, tables: readonly number[]): readonly number[] {
  const wanted = new Set(tables);
  const done = new Set<number>();
  const ordered: number[] = [];
  // A stack of its own: a chain of a thousand keys is deeper than calls may be.
  for (const start of tables) {
    const stack: { readonly table: number; readonly isLeft: boolean }[] = [{ table: start, isLeft: false }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (top.isLeft) {
        ordered.push(top.table);
        continue;
      }
      if (done.has(top.table)) continue;
      done.add(top.table);
      stack.push({ table: top.table, isLeft: true });
      for (const link of model.outgoing[top.table] ?? [])
        if (link.key !== null && wanted.has(link.to) && !done.has(link.to))
          stack.push({ table: link.to, isLeft: false });
    }
  }
  return ordered;
}

export function toScript(
  advising: Advising,
  evaluated: Evaluated,
  about: { readonly title: string; readonly why: string },
): string {
  const { model } = advising.judge;
  const lines = [
    `-- ${about.title}. ${about.why}`.replaceAll('\n', ' '),
    '-- Run it with psql -v ON_ERROR_STOP=1 on the coordinator; each part depends on those before it.',
  ];
  const isTied = evaluated.keys.some(
    ({ link }) =>
      evaluated.placed[link.to]?.becomes === 'reference' && evaluated.placed[link.from]?.becomes === 'local',
  );
  if (isTied && !model.facts.hasCoordinator) {
    lines.push(
      "-- Local tables point to reference tables: register the coordinator first with citus_set_coordinator_host('<host name>').",
    );
  }
  for (const part of scriptParts(advising, evaluated)) lines.push('', `-- ${part.title}`, ...part.statements);
  const lost = evaluated.keys.filter(({ fate }) => fate === 'lost');
  if (lost.length > 0) {
    lines.push('', '-- Not coming back:');
    for (const { link, why } of lost)
      lines.push(
        `--   ${link.key?.name ?? ''} of ${readable(model.tables[link.from] ?? { schema: '', name: '' })}: ${why}`,
      );
  }
  return `${lines.join('\n')}\n`;
}
