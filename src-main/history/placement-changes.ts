/** Which shards lie elsewhere than before, told by the nodes they went from and to. Pure. */
import type { ClusterSnapshot, Shard } from '../contract/cluster';
import type { Change } from './changes';
import { addressOf, counted } from './words';

interface Flow {
  readonly from: readonly number[];
  readonly to: readonly number[];
  count: number;
  readonly tables: Set<number>;
}

/** One for each pair of nodes: a rebalance moves hundreds of shards, and says so in a few lines. */
export function placementChanges(before: ClusterSnapshot, after: ClusterSnapshot): readonly Change[] {
  const tables = new Set(before.tables.map(({ oid }) => oid));
  const known = new Map<string, Shard>();
  for (const shard of before.shards) known.set(shard.shardId, shard);
  const flows = new Map<string, Flow>();
  const replaced = new Map<number, number>();
  for (const shard of after.shards) {
    const old = known.get(shard.shardId);
    if (old === undefined) {
      // Shards of a new table are told with the table.
      if (tables.has(shard.tableOid)) {
        replaced.set(shard.tableOid, (replaced.get(shard.tableOid) ?? 0) + 1);
      }
      continue;
    }
    if (old.groupIds === shard.groupIds || isSame(old.groupIds, shard.groupIds)) continue;
    const from = old.groupIds.filter((group) => !shard.groupIds.includes(group));
    const to = shard.groupIds.filter((group) => !old.groupIds.includes(group));
    const key = `${from.join('+')}>${to.join('+')}`;
    const flow = flows.get(key) ?? { from, to, count: 0, tables: new Set<number>() };
    flow.count += 1;
    flow.tables.add(shard.tableOid);
    flows.set(key, flow);
  }
  return [
    ...[...flows.values()].map((flow) => flowChange(before, after, flow)),
    ...[...replaced].map(([oid, count]) => splitChange(after, oid, count)),
  ];
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((group) => other.includes(group));
}

function flowChange(before: ClusterSnapshot, after: ClusterSnapshot, flow: Flow): Change {
  const nodeOf = (group: number): string => {
    const node = [...after.nodes, ...before.nodes].find(
      ({ groupId, role }) => groupId === group && role === 'primary',
    );
    return node === undefined ? `group ${group}` : addressOf(node);
  };
  const from = flow.from.map(nodeOf);
  const to = flow.to.map(nodeOf);
  const subject = counted(flow.count, 'shard');
  const of = ` of ${counted(flow.tables.size, 'table')}`;
  const nodes = [...from, ...to];
  if (to.length === 0) {
    return { kind: 'placement', level: 'mind', subject, text: `${of.trim()} left ${from.join(', ')}`, nodes };
  }
  const text =
    from.length === 0
      ? `${of.trim()} copied to ${to.join(', ')}`
      : `${of.trim()} moved from ${from.join(', ')} to ${to.join(', ')}`;
  return { kind: 'placement', level: 'mute', subject, text, nodes };
}

function splitChange(after: ClusterSnapshot, oid: number, count: number): Change {
  const table = after.tables.find((one) => one.oid === oid);
  return {
    kind: 'placement',
    level: 'mute',
    subject: table === undefined ? `table ${oid}` : `${table.schema}.${table.name}`,
    text: `${counted(count, 'shard')} new: split, or distributed anew`,
    nodes: [],
  };
}
