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

/** `sql`: one statement a move, by node ids where the server knows them (Citus 11.2 on); by addresses else. */
export function exportPlan(
  plan: ExploredPlan,
  exploration: RebalanceExploration,
  format: PlanFormat,
  options: { readonly byNodeId: boolean; readonly transferMode: string; readonly isTriedOut: boolean },
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
  switch (format) {
    case 'csv':
      return toCsv(columns, rows);
    case 'json':
      return `${JSON.stringify(
        {
          moves: rows,
          bytes: plan.bytes,
          durationMs: plan.durationMs,
          largestFactor: plan.largestFactor,
          notes: plan.notes.map(({ message }) => message),
          triedOut: options.isTriedOut,
        },
        null,
        2,
      )}\n`;
    case 'sql':
      return toSql(plan, rows, options);
  }
}

function toSql(
  plan: ExploredPlan,
  rows: readonly Row[],
  options: { readonly byNodeId: boolean; readonly transferMode: string; readonly isTriedOut: boolean },
): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const address = (label: string): string => {
    const at = label.lastIndexOf(':');
    return `${literal(label.slice(0, at).replace(/^\[|\]$/g, ''))}, ${Number(label.slice(at + 1))}`;
  };
  const lines = plan.moves.map((move, index) => {
    const row = rows[index];
    const places = options.byNodeId
      ? `${move.sourceNodeId}, ${move.targetNodeId}`
      : `${address(row?.source ?? '')}, ${address(row?.target ?? '')}`;
    return `SELECT citus_move_shard_placement(${move.shardId}, ${places}, ${literal(options.transferMode)}); -- ${row?.tables.join(', ') ?? ''}: ${row?.source ?? ''} to ${row?.target ?? ''}`;
  });
  const head = options.isTriedOut
    ? ['-- Made for a cluster that was only tried out: some of these nodes or groups do not exist.']
    : ['-- One after another, each on its own: a move cannot be taken back by ROLLBACK.'];
  return [...head, ...lines, ''].join('\n');
}
