/** Pure: a plan that was explored, as a file that a person can keep or hand on. */
import type { ExploredPlan, RebalanceExploration } from '../../src-main/contract/rebalance';
import { toCsv } from '../ui/table-rows';
import type { TableColumn } from '../ui/table-rows';

export type PlanFormat = 'csv' | 'json' | 'sql';

interface Row {
  readonly position: number;
  readonly shardId: string;
  readonly tables: readonly string[];
  readonly source: string;
  readonly target: string;
  readonly bytes: number | null;
}

const columns: readonly TableColumn<Row>[] = [
  { id: 'position', label: 'move', value: (row) => row.position },
  { id: 'shardId', label: 'shard', value: (row) => row.shardId },
  { id: 'tables', label: 'tables', value: (row) => row.tables.join(', ') },
  { id: 'source', label: 'from', value: (row) => row.source },
  { id: 'target', label: 'to', value: (row) => row.target },
  { id: 'bytes', label: 'bytes', value: (row) => row.bytes },
];

/** As SQL it is written in main: `rebalance.script`. */
export function exportPlan(
  plan: ExploredPlan,
  exploration: RebalanceExploration,
  format: Exclude<PlanFormat, 'sql'>,
  options: { readonly isTriedOut: boolean },
): string {
  const labels = new Map(exploration.nodes.map(({ nodeId, label }) => [nodeId, label]));
  const rows = plan.moves.map((move, index): Row => ({
    position: index + 1,
    shardId: move.shardId,
    tables: exploration.tableSets[move.tableSet] ?? [],
    source: labels.get(move.sourceNodeId) ?? String(move.sourceNodeId),
    target: labels.get(move.targetNodeId) ?? String(move.targetNodeId),
    bytes: move.bytes,
  }));
  if (format === 'csv') return toCsv(columns, rows);
  const figures = {
    moves: rows,
    bytes: plan.bytes,
    durationMs: plan.durationMs,
    largestFactor: plan.largestFactor,
    notes: plan.notes.map(({ message }) => message),
    triedOut: options.isTriedOut,
  };
  return `${JSON.stringify(figures, null, 2)}\n`;
}
