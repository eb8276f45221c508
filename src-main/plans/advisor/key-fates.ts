/** What becomes of foreign keys and unique keys where a table lies: kept, widened by the distribution column, lost. Pure. */
import type { ForeignKeyFate } from '../../contract/advisor';
import { readable } from '../plan';
import type { Placed } from './assignment';
import type { AdvisorTable, AdvisorUniqueness } from '../../contract/advisor-facts';
import { tableKey } from './model';
import type { Link, Model } from './model';

export interface KeyFate {
  readonly link: Link;
  readonly fate: ForeignKeyFate['fate'];
  readonly why: string;
  /** The columns of a widened key, on both sides. */
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

export interface UniqueFate {
  readonly table: number;
  readonly unique: AdvisorUniqueness;
  readonly fate: 'widened' | 'lost';
  /** Values come from a sequence or are random: nothing that was unique before can be doubled. */
  readonly isSurrogate: boolean;
}

export function foreignKeyFates(model: Model, placed: readonly Placed[]): readonly KeyFate[] {
  const agreed = new Map(
    model.facts.agreements.map((one) => [
      `${tableKey(one.table)}\0${one.foreignKey}\0${one.column}\0${one.parentColumn}`,
      one,
    ]),
  );
  return model.links.flatMap((link) => {
    if (link.key === null) return [];
    const { fate, why, widened } = fateOf(model, placed, link, (column, parentColumn) => {
      const child = model.tables[link.from] as AdvisorTable;
      return agreed.get(`${tableKey(child)}\0${link.key?.name ?? ''}\0${column}\0${parentColumn}`);
    });
    const columns = widened ? [widened[0], ...link.columns] : link.columns;
    const referenced = widened ? [widened[1], ...link.referenced] : link.referenced;
    return [{ link, fate, why, columns, referenced }];
  });
}

type Agreement = (
  column: string,
  parentColumn: string,
) => { readonly differs: boolean; readonly rows: number } | undefined;

interface Fate {
  readonly fate: ForeignKeyFate['fate'];
  readonly why: string;
  readonly widened?: readonly [string, string];
}

function fateOf(model: Model, placed: readonly Placed[], link: Link, agreement: Agreement): Fate {
  const from = placed[link.from] as Placed;
  const to = placed[link.to] as Placed;
  const parent = readable(model.tables[link.to] as AdvisorTable);
  const key = link.key;
  if (!key) return { fate: 'kept', why: '' };
  if (to.becomes === 'reference') return { fate: 'kept', why: `${parent} has a copy on every node` };
  if (from.becomes === 'reference' && to.becomes === 'local') {
    const isHarmless = [key.onDelete, key.onUpdate].every((one) => one === 'no action' || one === 'restrict');
    return isHarmless && model.facts.hasCoordinator
      ? { fate: 'kept', why: `${parent} stays on the coordinator and is known to the nodes` }
      : {
          fate: 'lost',
          why: `a reference table may point to the local table ${parent} only with NO ACTION, and with the coordinator registered`,
        };
  }
  if (from.becomes === 'local' && to.becomes === 'local') return { fate: 'kept', why: 'both stay local' };
  if (from.becomes === 'schema' || to.becomes === 'schema') {
    return from.group === to.group && from.becomes === to.becomes
      ? { fate: 'kept', why: 'both lie in one schema' }
      : { fate: 'lost', why: `${parent} lies elsewhere than in this schema` };
  }
  if (from.becomes !== 'distributed') {
    return { fate: 'lost', why: `a ${from.becomes} table cannot point to the distributed table ${parent}` };
  }
  if (to.becomes === 'local') return { fate: 'lost', why: `${parent} stays on the coordinator` };
  if (from.group !== to.group) return { fate: 'lost', why: `${parent} is distributed by another key` };
  return colocatedFate(from, to, link, parent, agreement);
}

function colocatedFate(from: Placed, to: Placed, link: Link, parent: string, agreement: Agreement): Fate {
  const column = from.column ?? '';
  const parentColumn = to.column ?? '';
  const here = link.columns.indexOf(column);
  const isPaired = here !== -1 && here === link.referenced.indexOf(parentColumn);
  const key = link.key;
  const changesColumn =
    key?.onDelete === 'set null'
    || key?.onDelete === 'set default'
    || (key && !['no action', 'restrict'].includes(key.onUpdate));
  if (isPaired) {
    return changesColumn
      ? { fate: 'lost', why: `its action would change the distribution column ${column}` }
      : { fate: 'kept', why: `colocated with ${parent} by ${column}` };
  }
  if (changesColumn)
    return { fate: 'lost', why: `its action would change ${column} once that is part of it` };
  const isFilledOverIt = from.derived !== null && from.derived.link === link;
  if (isFilledOverIt) {
    return {
      fate: 'widened',
      why: `${column} is filled over it, so both sides agree`,
      widened: [column, parentColumn],
    };
  }
  const seen = agreement(column, parentColumn);
  if (
    link.from !== link.to
    && seen
    && !seen.differs
    && here === -1
    && !link.referenced.includes(parentColumn)
  ) {
    return {
      fate: 'widened',
      why: `${column} agreed with ${parent} in all of ${seen.rows} rows looked at`,
      widened: [column, parentColumn],
    };
  }
  return {
    fate: 'lost',
    why: seen?.differs
      ? `rows were seen whose ${column} differs from that of ${parent}`
      : `it does not hold ${column}; where both sides agree on it, it can come back with it`,
  };
}

const randomTypes = new Set(['uuid']);

export function uniqueFates(model: Model, placed: readonly Placed[]): readonly UniqueFate[] {
  return model.tables.flatMap((table, index) => {
    const one = placed[index];
    const column = one?.column ?? null;
    if (!one || one.becomes !== 'distributed' || one.isKept || column === null) return [];
    return table.uniqueness
      .filter((unique) => !unique.columns.includes(column))
      .map((unique) => ({
        table: index,
        unique,
        fate: unique.kind === 'exclusion' || !unique.isPlain ? ('lost' as const) : ('widened' as const),
        isSurrogate: unique.columns.some((name) => {
          const facts = model.column(index, name);
          return facts !== undefined && (facts.hasSequenceDefault || randomTypes.has(facts.type));
        }),
      }));
  });
}
