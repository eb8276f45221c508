/** What the observed statements say about single tables and columns. Pure; one pass over the statements. */
import type { AdvisorTable } from '../../contract/advisor-facts';
import type { Model } from './model';
import type { Workload } from './workload';

export interface Observed {
  /** Share of the table's calls that compare the column with a value; null when none was seen. */
  readonly comparedShare: (table: number, column: string) => number | null;
  /** Share of all understood calls that write the table; null without evidence. */
  readonly writeShare: (table: number) => number | null;
  readonly writeCalls: (table: number) => number;
  /** Tables that were used in one statement with this one. */
  readonly usedWith: (table: number) => ReadonlySet<number>;
}

export function toObserved(workload: Workload | null): Observed {
  const calls = new Map<number, number>();
  const compared = new Map<number, Map<string, number>>();
  const writes = new Map<number, number>();
  const together = new Map<number, Set<number>>();
  let total = 0;
  for (const { observed, uses, classes, fixed, read } of workload?.understood ?? []) {
    total += observed.calls;
    const seen = new Set(uses.map(({ table }) => table));
    for (const table of seen) {
      calls.set(table, (calls.get(table) ?? 0) + observed.calls);
      const partners = together.get(table) ?? new Set<number>();
      for (const other of seen) if (other !== table) partners.add(other);
      together.set(table, partners);
    }
    const counted = new Set<string>();
    const count = (table: number, column: string): void => {
      const at = `${table}\0${column}`;
      if (counted.has(at)) return;
      counted.add(at);
      const columns = compared.get(table) ?? new Map<string, number>();
      columns.set(column, (columns.get(column) ?? 0) + observed.calls);
      compared.set(table, columns);
    };
    for (const [place, id] of classes) {
      const [use = '', column = ''] = place.split('\0');
      const table = uses[Number(use)]?.table;
      if (table !== undefined && fixed.has(id)) count(table, column);
    }
    for (const { table, isTarget } of uses) {
      if (!isTarget) continue;
      writes.set(table, (writes.get(table) ?? 0) + observed.calls);
      // An INSERT of values names a value for each of its columns.
      if (read.command === 'insert' && !read.insertsQuery)
        for (const column of read.insertColumns ?? []) count(table, column);
    }
  }
  const nobody: ReadonlySet<number> = new Set();
  return {
    comparedShare: (table, column) => {
      const all = calls.get(table);
      return all === undefined || all === 0 ? null : (compared.get(table)?.get(column) ?? 0) / all;
    },
    writeShare: (table) => (total === 0 ? null : (writes.get(table) ?? 0) / total),
    writeCalls: (table) => writes.get(table) ?? 0,
    usedWith: (table) => together.get(table) ?? nobody,
  };
}

/** Written so often that a copy on every node, each write on all of them, would be dear. */
const oftenWritten = 0.02;
/** Filling a table once is not writing it often. */
const fewWrites = 20;
const rewritten = 20;

export function isWrittenOften(table: AdvisorTable, index: number, observed: Observed): boolean {
  const share = observed.writeShare(index);
  if (share !== null) return share > oftenWritten && observed.writeCalls(index) >= fewWrites;
  return table.writes !== null && table.writes > rewritten * Math.max(1_000, table.rows);
}

const megabyte = 1024 ** 2;

/**
 * Bytes up to which a table is copied to every node without a second thought: 3 % of the whole, so that all nodes
 * together do not hold the data twice, but never more than 1 GB; 10 MB always.
 */
export function referenceLimitBytes(model: Model): number {
  return Math.max(10 * megabyte, Math.min(1024 * megabyte, 0.03 * model.totalBytes));
}
