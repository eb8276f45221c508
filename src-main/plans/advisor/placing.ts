/** Tables beside the main key of a design: small ones become reference tables, large ones get a key of their own. Pure. */
import { readable } from '../plan';
import { formatCount, formatShare } from '../words';
import type { Judge, Placed } from './assignment';
import type { AdvisorTable } from '../../contract/advisor-facts';
import { isSingleKey } from './model';
import type { Domain } from './model';
import { isWrittenOften } from './observed';

/** From the distributed tables on, along foreign keys and along what statements use together. */
export function placeReferences(judge: Judge, placed: (Placed | null)[]): void {
  const { model, observed } = judge;
  const queue = [...placed.keys()].filter((table) => {
    const becomes = placed[table]?.becomes;
    return becomes === 'distributed' || becomes === 'reference';
  });
  const mayCopy = (table: number): boolean =>
    placed[table] === null
    && judge.isSmall(table)
    && !isWrittenOften(model.tables[table] as AdvisorTable, table, observed)
    && !(model.outgoing[table] ?? []).some(
      (link) => link.key !== null && link.to !== table && placed[link.to]?.becomes === 'distributed',
    );
  for (let at = 0; at < queue.length; at += 1) {
    const from = queue[at] as number;
    const source = model.tables[from];
    const isCopy = placed[from]?.becomes === 'reference';
    const tied = (model.outgoing[from] ?? []).map((link) => link.to);
    const used = isCopy ? [] : observed.usedWith(from);
    for (const [targets, words] of [
      [tied, 'referenced by'],
      [used, 'used in statements with'],
    ] as const) {
      for (const target of targets) {
        if (!mayCopy(target)) continue;
        placed[target] = {
          becomes: 'reference',
          column: null,
          group: null,
          derived: null,
          isKept: false,
          why: referenceWhy(judge, target, `${words} ${source ? readable(source) : ''}`),
        };
        queue.push(target);
      }
    }
  }
}

function referenceWhy(judge: Judge, table: number, tie: string): string {
  const facts = judge.model.tables[table];
  const rows = facts && facts.rows >= 0 ? `${formatCount(facts.rows)} rows` : 'small';
  const share = judge.observed.writeShare(table);
  const writes =
    share === null
      ? ''
      : share === 0
        ? ', no write seen'
        : `, ${formatShare(share)} of all statements write it`;
  return `${rows}, ${tie}${writes}`;
}

/** Tables that are left and too large, or too often written, to be copied. */
export function placeOwnKeys(judge: Judge, placed: (Placed | null)[]): void {
  const { model } = judge;
  const left = [...placed.keys()].filter(
    (table) => placed[table] === null && wantsOwnKey(judge, table, placed),
  );
  const leftBytes = left.reduce((sum, table) => sum + (model.tables[table]?.bytes ?? 0), 0);
  const covered = new Map<number, number>();
  const options = new Map<number, readonly { readonly column: string; readonly domain: Domain }[]>();
  for (const table of left) {
    const usable = (model.tables[table]?.columns ?? []).flatMap(({ name }) => {
      const domain = model.domainOf(table, name);
      return domain && judge.isUsable(table, name) ? [{ column: name, domain }] : [];
    });
    options.set(table, usable);
    for (const id of new Set(usable.map(({ domain }) => domain.id)))
      covered.set(id, (covered.get(id) ?? 0) + (model.tables[table]?.bytes ?? 0));
  }
  for (const table of left) {
    const facts = model.tables[table] as AdvisorTable;
    let best: { column: string; domain: Domain; weight: number } | null = null;
    for (const { column, domain } of options.get(table) ?? []) {
      const keysKept = facts.uniqueness.filter((one) => one.columns.includes(column)).length;
      const weight =
        3 * (judge.observed.comparedShare(table, column) ?? 0)
        + (facts.uniqueness.length > 0 ? keysKept / facts.uniqueness.length : 0.5)
        + (leftBytes > 0 ? (covered.get(domain.id) ?? 0) / leftBytes : 0)
        + (isSingleKey(facts, column) ? 0.1 : 0);
      if (!best || weight > best.weight) best = { column, domain, weight };
    }
    if (!best) continue;
    const compared = judge.observed.comparedShare(table, best.column);
    placed[table] = {
      becomes: 'distributed',
      column: best.column,
      group: best.domain.id,
      derived: null,
      isKept: false,
      why: [
        compared !== null && compared > 0 ? `in ${formatShare(compared)} of its statements` : '',
        `${judge.isSmall(table) ? 'written too often' : 'too large'} to be copied; a key of its own`,
      ]
        .filter((part) => part !== '')
        .join('; '),
    };
  }
}

function wantsOwnKey(judge: Judge, table: number, placed: readonly (Placed | null)[]): boolean {
  if (!judge.isSmall(table)) return true;
  const isDistributed = (other: number): boolean => placed[other]?.becomes === 'distributed';
  const pointsThere = (judge.model.outgoing[table] ?? []).some(
    (link) => link.key !== null && isDistributed(link.to),
  );
  if (pointsThere) return true;
  const facts = judge.model.tables[table];
  if (!facts || !isWrittenOften(facts, table, judge.observed)) return false;
  return (
    (judge.model.incoming[table] ?? []).some((link) => isDistributed(link.from))
    || [...judge.observed.usedWith(table)].some(isDistributed)
  );
}
