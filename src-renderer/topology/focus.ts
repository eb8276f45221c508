/** Pure: how deep a person has gone into the cluster: cluster, node, colocation group, shard group with its placements. */
import type { NodeTitle } from '../nodes/node-names';
import { familyWords } from './shard-groups';
import type { ShardMap } from './shard-groups';

export type Focus =
  | { readonly level: 'cluster' }
  | { readonly level: 'node'; readonly nodeId: number }
  | { readonly level: 'family'; readonly nodeId: number; readonly familyKey: string }
  | {
      readonly level: 'group';
      readonly nodeId: number;
      readonly familyKey: string;
      /** Of the shard group. */
      readonly key: string;
    };

/** What an element of the graph stands for. */
export type Target =
  | { readonly type: 'node'; readonly nodeId: number }
  | { readonly type: 'family'; readonly nodeId: number; readonly key: string }
  | { readonly type: 'group'; readonly nodeId: number; readonly key: string };

export const wholeCluster: Focus = { level: 'cluster' };

/** Inside of a target. Null where the target is not known. */
export function focusOn(target: Target, shards: ShardMap): Focus | null {
  const { nodeId } = target;
  switch (target.type) {
    case 'node':
      return { level: 'node', nodeId };
    case 'family':
      return { level: 'family', nodeId, familyKey: target.key };
    case 'group': {
      const familyKey = shards.groupByKey.get(target.key)?.familyKey;
      return familyKey === undefined ? null : { level: 'group', nodeId, familyKey, key: target.key };
    }
  }
}

/** One step out. */
export function outOf(focus: Focus): Focus {
  switch (focus.level) {
    case 'cluster':
    case 'node':
      return wholeCluster;
    case 'family':
      return { level: 'node', nodeId: focus.nodeId };
    case 'group':
      return { level: 'family', nodeId: focus.nodeId, familyKey: focus.familyKey };
  }
}

/** What the focus lies inside of; null for the whole cluster. */
export function subjectOf(focus: Focus): Target | null {
  switch (focus.level) {
    case 'cluster':
      return null;
    case 'node':
      return { type: 'node', nodeId: focus.nodeId };
    case 'family':
      return { type: 'family', nodeId: focus.nodeId, key: focus.familyKey };
    case 'group':
      return { type: 'group', nodeId: focus.nodeId, key: focus.key };
  }
}

export function focusKey(focus: Focus): string {
  const subject = subjectOf(focus);
  if (subject === null) return 'cluster';
  return subject.type === 'node'
    ? `node:${subject.nodeId}`
    : `${subject.type}:${subject.nodeId}:${subject.key}`;
}

export interface Crumb {
  readonly label: string;
  readonly focus: Focus;
}

/** The way from the cluster to where one is, the last being the place itself. */
export function toCrumbs(
  focus: Focus,
  titles: ReadonlyMap<number, NodeTitle>,
  shards: ShardMap,
): readonly Crumb[] {
  const way: Crumb[] = [];
  let at = focus;
  while (at.level !== 'cluster') {
    way.unshift({ label: labelOf(at, titles, shards), focus: at });
    at = outOf(at);
  }
  return [{ label: 'Cluster', focus: wholeCluster }, ...way];
}

function labelOf(focus: Focus, titles: ReadonlyMap<number, NodeTitle>, shards: ShardMap): string {
  switch (focus.level) {
    case 'cluster':
      return 'Cluster';
    case 'node':
      return titles.get(focus.nodeId)?.title ?? String(focus.nodeId);
    case 'family': {
      const family = shards.familyByKey.get(focus.familyKey);
      return family === undefined ? focus.familyKey : familyWords(family);
    }
    case 'group':
      return `shard group ${shards.groupByKey.get(focus.key)?.shards[0]?.shardId ?? ''}`;
  }
}
