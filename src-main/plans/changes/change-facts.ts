/** What is read before a table that is distributed is changed. Types only; `operations/change-facts.ts` gathers them. */
import type { ClusterSnapshot, ClusterTable } from '../../contract/cluster';
import type { NodeAnswer } from '../plan';
import { sameTable } from '../plan';
import type { TableFacts } from '../../contract/table-facts';
import type { DistributeFacts } from '../distribute-facts';

export interface ChangeFacts {
  readonly snapshot: ClusterSnapshot;
  readonly answers: readonly NodeAnswer[];
  readonly settings: DistributeFacts['settings'];
  /** The table named; null when there is none. */
  readonly table: TableFacts | null;
  /** It and every table that is colocated with it, or tied to it by foreign keys over any number of hops. */
  readonly involved: readonly TableFacts[];
  readonly disk: DiskFacts;
  /** Whether the distribution column asked for holds NULL; `unknown` when looking took too long, or none is asked for. */
  readonly columnHasNull: boolean | 'unknown';
  /** False on a server where a dropped column makes alter_distributed_table choose a wrong one. */
  readonly altersByColumnName: boolean;
}

export interface DiskFacts {
  /** Free bytes where the coordinator's data lies; null when not known. */
  readonly coordinator: number | null;
  /** By node id. */
  readonly byNode: Readonly<Record<number, number>>;
}

/** As the cluster's metadata has it. */
export function knownTable(
  facts: Pick<ChangeFacts, 'snapshot'>,
  table: TableFacts,
): ClusterTable | undefined {
  return facts.snapshot.tables.find((one) => sameTable(one, table));
}

/** Tables in the same colocation group, the table itself first, partitions left out. */
export function colocatedTables(facts: ChangeFacts, table: TableFacts): readonly TableFacts[] {
  const known = knownTable(facts, table);
  if (!known || known.colocationId === 0) return [table];
  return [
    table,
    ...facts.involved.filter((one) => {
      const other = knownTable(facts, one);
      return !sameTable(one, table) && one.parent === null && other?.colocationId === known.colocationId;
    }),
  ];
}

/** Tables that foreign keys tie to the table over any number of hops, itself first. */
export function connectedTables(facts: ChangeFacts, table: TableFacts): readonly TableFacts[] {
  const names = table.connectedKeys.flatMap((key) => [key.from, key.to]);
  return [
    table,
    ...facts.involved.filter((one) => !sameTable(one, table) && names.some((name) => sameTable(name, one))),
  ];
}
