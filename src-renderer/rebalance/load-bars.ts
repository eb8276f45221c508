/** Pure: bytes per node before and after a rebalance as bars against their average. */
import type { NodeLoad } from '../../src-main/contract/operations';
import type { NodeTitle } from '../nodes/node-names';
import { isCoordinator, titleOfAddress } from '../nodes/node-names';
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { ShardMap } from '../topology/shard-groups';
import { formatBytes, formatCounted } from '../ui/format';

export interface LoadBar {
  readonly node: string;
  readonly title: string;
  /** 0..1 of the longest bar. */
  readonly before: number;
  /** Null where nothing is planned. */
  readonly after: number | null;
  readonly beforeWords: string;
  readonly afterWords: string | null;
}

export interface LoadBars {
  readonly measure: 'bytes' | 'shard groups';
  readonly bars: readonly LoadBar[];
  /** 0..1, the average of the nodes that hold or will hold something; null where there is none. */
  readonly average: number | null;
}

interface Load {
  readonly node: string;
  readonly before: number;
  readonly after: number | null;
}

/** Loads as they are now, for when there is no plan. The coordinator is left out unless it holds shard groups of its own. */
export function currentLoads(nodes: readonly ClusterNode[], shards: ShardMap): readonly NodeLoad[] {
  return nodes
    .filter((node) => node.role === 'primary' && node.isActive && !node.isClone)
    .map((node) => {
      const groups = (shards.nodes.get(node.groupId)?.groups ?? []).filter((group) => {
        const kind = shards.familyByKey.get(group.familyKey)?.kind;
        return kind === 'distributed' || kind === 'schema';
      });
      const isKnown = groups.every((group) => group.bytes !== null);
      const bytes = groups.reduce((sum, group) => sum + (group.bytes ?? 0), 0);
      return {
        node,
        load: {
          node: `${node.name}:${node.port}`,
          bytesBefore: isKnown ? bytes : null,
          bytesAfter: isKnown ? bytes : null,
          shardGroupsBefore: groups.length,
          shardGroupsAfter: groups.length,
        },
      };
    })
    .filter(({ node, load }) => !isCoordinator(node) || load.shardGroupsBefore > 0 || node.shouldHaveShards)
    .map(({ load }) => load);
}

export function toLoadBars(
  loads: readonly NodeLoad[],
  titles: ReadonlyMap<number, NodeTitle>,
  isPlanned: boolean,
): LoadBars {
  const useBytes = loads.every((load) => load.bytesBefore !== null && load.bytesAfter !== null);
  const measured: readonly Load[] = loads.map((load) => ({
    node: load.node,
    before: useBytes ? (load.bytesBefore ?? 0) : load.shardGroupsBefore,
    after: isPlanned ? (useBytes ? (load.bytesAfter ?? 0) : load.shardGroupsAfter) : null,
  }));
  const longest = Math.max(0, ...measured.map((load) => Math.max(load.before, load.after ?? 0)));
  const words = (value: number): string => (useBytes ? formatBytes(value) : formatCounted(value, 'group'));
  const carriers = measured.filter((load) => load.before > 0 || (load.after ?? 0) > 0);
  const sum = carriers.reduce((total, load) => total + load.before, 0);
  const average = carriers.length === 0 ? 0 : sum / carriers.length;
  const share = (value: number): number => (longest === 0 ? 0 : value / longest);
  return {
    measure: useBytes ? 'bytes' : 'shard groups',
    bars: measured.map((load) => ({
      node: load.node,
      title: titleOfAddress(titles, load.node),
      before: share(load.before),
      after: load.after === null ? null : share(load.after),
      beforeWords: words(load.before),
      afterWords: load.after === null ? null : words(load.after),
    })),
    average: average === 0 ? null : share(average),
  };
}
