/** Starting and stopping a rebalance. Citus runs it by itself as a background job. */
import type { ChangeResult, SqlValue, Statement, StatementOptions, Writer } from '../connections/database';
import type { ShardTransferMode } from '../contract/operations';

export interface RebalanceChoice {
  /** Null: the cluster's default strategy. */
  readonly strategy: string | null;
  readonly drainOnly: boolean;
  readonly transferMode: ShardTransferMode;
}

export function startRebalanceStatement(choice: RebalanceChoice): Statement {
  const values: SqlValue[] = [];
  const parts: string[] = [];
  if (choice.strategy !== null) {
    values.push(choice.strategy);
    parts.push(`rebalance_strategy => $${values.length}`);
  }
  if (choice.drainOnly) parts.push('drain_only => true');
  values.push(choice.transferMode);
  parts.push(`shard_transfer_mode => $${values.length}`);
  return { text: `SELECT citus_rebalance_start(${parts.join(', ')}) AS job_id`, values };
}

/** Answers the job's id, or null (with a notice) when there was nothing to move. */
export function startRebalance(
  writer: Writer,
  choice: RebalanceChoice,
  options?: StatementOptions,
): Promise<ChangeResult<{ readonly job_id: string | null }>> {
  return writer.change(startRebalanceStatement(choice), options);
}

export function stopRebalanceStatement(): Statement {
  return { text: 'SELECT citus_rebalance_stop()' };
}

/** Cancels the rebalance that runs; finished moves stay. Refused by the server when none runs. */
export function stopRebalance(writer: Writer, options?: StatementOptions): Promise<ChangeResult<object>> {
  return writer.change(stopRebalanceStatement(), options);
}
