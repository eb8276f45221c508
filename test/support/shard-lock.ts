/** Somebody who stands in the way of a move: a transaction that locks the shard and does nothing. */
import type { PracticeClusterForTest } from './practice';

export interface ShardLock {
  /** Of the server process that holds it. */
  readonly pid: number;
  readonly letGo: () => Promise<void>;
}

/** On Citus the table as a whole, at the coordinator; on the emulator the shard where it lies. */
export async function lockShard(
  { engine, connect }: PracticeClusterForTest,
  table: string,
  shardId: string,
): Promise<ShardLock> {
  const nodes = engine.isEmulator ? ['worker-1', 'worker-2'] : ['coordinator'];
  const name = engine.isEmulator ? `${table}_${shardId}` : table;
  for (const nodeName of nodes) {
    const node = await connect(nodeName);
    const found = await node.read<{ readonly there: boolean }>({
      text: 'SELECT to_regclass($1) IS NOT NULL AS there',
      values: [name],
    });
    if (found[0]?.there !== true) continue;
    await node.change({ text: 'BEGIN' });
    await node.change({ text: `LOCK TABLE ${name} IN SHARE MODE` });
    const { rows } = await node.change<{ readonly pid: number }>({ text: 'SELECT pg_backend_pid() AS pid' });
    return { pid: rows[0]?.pid ?? -1, letGo: async () => void (await node.change({ text: 'ROLLBACK' })) };
  }
  throw new Error(`no node has shard ${shardId}`);
}
