/** Steps that divide shards: a tenant into a shard of its own, that shard to another node, a shard at given points. */
import { readShardOfValue, readShardRanges } from '../../citus/change-reads';
import type { ActionOf } from './step';
import { statementStep } from './statement-step';

export const isolateTenantStep = statementStep<ActionOf<'isolate-tenant'>>({
  done: 'isolated',
  async observe({ action, reader, timing }) {
    const shard = await readShardOfValue(reader(), action, action.value, { timeoutMs: timing.readLimitMs });
    if (!shard) return { state: 'conflict', words: 'the value has no shard' };
    return shard.minValue === shard.maxValue
      ? { state: 'done', words: `shard ${shard.shardId} holds this value alone` }
      : { state: 'absent', words: `shard ${shard.shardId} holds other values too` };
  },
});

export const moveTenantStep = statementStep<ActionOf<'move-tenant'>>({
  done: 'moved',
  async observe({ action, reader, timing }) {
    const shard = await readShardOfValue(reader(), action, action.value, { timeoutMs: timing.readLimitMs });
    if (!shard) return { state: 'conflict', words: 'the value has no shard' };
    return shard.nodeId === action.nodeId
      ? { state: 'done', words: `shard ${shard.shardId} is on ${action.node}` }
      : { state: 'absent', words: `shard ${shard.shardId} is not on ${action.node} yet` };
  },
});

export const splitShardStep = statementStep<ActionOf<'split-shard'>>({
  done: 'split',
  async observe({ action, reader, timing }) {
    const ranges = await readShardRanges(reader(), action, { timeoutMs: timing.readLimitMs });
    const ends = new Set(ranges.map((range) => range.maxValue));
    const missing = action.points.filter((point) => !ends.has(point));
    if (missing.length === 0)
      return { state: 'done', words: `${ranges.length} shards, split at every point` };
    return ranges.some((range) => range.shardId === action.shardId)
      ? { state: 'absent', words: `shard ${action.shardId} is whole` }
      : {
          state: 'conflict',
          words: `shard ${action.shardId} is gone, and no shard ends at ${missing.join(', ')}`,
        };
  },
});
