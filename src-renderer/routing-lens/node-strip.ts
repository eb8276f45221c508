/** Pure: the nodes with the shard groups of the tables in question, those that are touched lit. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { NodeTitle } from '../nodes/node-names';
import type { ShardGroup, ShardMap } from '../topology/shard-groups';

export interface StripCell {
  readonly key: string;
  readonly isTouched: boolean;
  /** Colour of the colocation group, from 0. */
  readonly familyIndex: number;
}

export interface StripNode {
  readonly nodeId: number;
  readonly title: string;
  readonly cells: readonly StripCell[];
  readonly touched: number;
  /** Shard groups in question that lie here. */
  readonly total: number;
}

export interface NodeStripModel {
  readonly nodes: readonly StripNode[];
  /** Nodes left out, none of them touched unless more are touched than can be shown. */
  readonly hidden: number;
  readonly touchedNodes: number;
}

const shownNodes = 24;
const shownCells = 96;

export function toNodeStrip(
  shards: ShardMap,
  nodes: readonly ClusterNode[],
  titles: ReadonlyMap<number, NodeTitle>,
  touchedShardIds: readonly string[],
): NodeStripModel {
  const touched = new Set(touchedShardIds.flatMap((id) => shards.groupOfShard.get(id) ?? []));
  const families = new Set([...touched].flatMap((key) => shards.groupByKey.get(key)?.familyKey ?? []));
  const all = nodes
    .filter((node) => node.role === 'primary')
    .flatMap((node): StripNode[] => {
      const groups = (shards.nodes.get(node.groupId)?.groups ?? []).filter((group) =>
        families.has(group.familyKey),
      );
      if (groups.length === 0) return [];
      return [
        {
          nodeId: node.nodeId,
          title: titles.get(node.nodeId)?.title ?? String(node.nodeId),
          cells: toCells(groups, touched, shards),
          touched: groups.filter((group) => touched.has(group.key)).length,
          total: groups.length,
        },
      ];
    });
  // In their usual order while there is room; else those that matter.
  const ordered = all.length <= shownNodes ? all : [...all].sort((a, b) => b.touched - a.touched);
  return {
    nodes: ordered.slice(0, shownNodes),
    hidden: Math.max(0, ordered.length - shownNodes),
    touchedNodes: all.filter((node) => node.touched > 0).length,
  };
}

function toCells(
  groups: readonly ShardGroup[],
  touched: ReadonlySet<string>,
  shards: ShardMap,
): readonly StripCell[] {
  const shown = groups.length <= shownCells ? groups : groups.filter((group) => touched.has(group.key));
  return shown.slice(0, shownCells).map((group) => ({
    key: group.key,
    isTouched: touched.has(group.key),
    familyIndex: shards.familyByKey.get(group.familyKey)?.index ?? 0,
  }));
}
