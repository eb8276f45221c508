/** What a plan to distribute one table is made from. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { DistributionSettings, TableFacts } from '../contract/table-facts';
import type { NodeAnswer } from './plan';

export interface DistributeFacts {
  readonly snapshot: ClusterSnapshot;
  /** Null when no such relation exists. */
  readonly table: TableFacts | null;
  readonly settings: DistributionSettings;
  /** Whether the chosen column holds NULL; `unknown` when looking took too long or there is no such column. */
  readonly columnHasNull: boolean | 'unknown';
  readonly answers: readonly NodeAnswer[];
}
