/** Pure: workers put together by rack, host or state, for the overview of many. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import { nodeStates, wordOf } from '../../src-main/contract/words';
import type { NodeState } from '../nodes/node-words';
import type { ShownState } from '../ui/states';

export const groupings = ['rack', 'host', 'state', 'none'] as const;
export type Grouping = (typeof groupings)[number];

export interface Block {
  /** Empty where a name would say nothing. */
  readonly label: string;
  readonly nodes: readonly ClusterNode[];
}

/** Worst first: the order of everything that lists states. */
export const severity: Readonly<Record<ShownState, number>> = { bad: 0, mind: 1, busy: 2, mute: 3, ok: 4 };

const collator = new Intl.Collator('en', { numeric: true });

function collect(
  workers: readonly ClusterNode[],
  nameOf: (node: ClusterNode) => string,
): ReadonlyMap<string, readonly ClusterNode[]> {
  const blocks = new Map<string, ClusterNode[]>();
  for (const node of workers) {
    const name = nameOf(node);
    const known = blocks.get(name);
    if (known === undefined) blocks.set(name, [node]);
    else known.push(node);
  }
  return blocks;
}

/** Each worker is in exactly one block, and in the order in which it came. */
export function toBlocks(
  workers: readonly ClusterNode[],
  grouping: Grouping,
  states: ReadonlyMap<number, NodeState>,
): readonly Block[] {
  switch (grouping) {
    case 'none':
      return workers.length === 0 ? [] : [{ label: '', nodes: workers }];
    case 'rack': {
      const racks = collect(workers, (node) => node.rack);
      // A single rack, Citus's own "default" as a rule, needs no name.
      return [...racks]
        .sort(([one], [other]) => collator.compare(one, other))
        .map(([label, nodes]) => ({
          label: racks.size === 1 ? '' : label === '' ? 'no rack' : label,
          nodes,
        }));
    }
    case 'host': {
      const hosts = [...collect(workers, (node) => node.name)];
      // A host with one node is that node, whose name says it already.
      const alone = hosts.flatMap(([, nodes]) => (nodes.length === 1 ? nodes : []));
      const shared = hosts
        .filter(([, nodes]) => nodes.length > 1)
        .sort(([one], [other]) => collator.compare(one, other))
        .map(([label, nodes]) => ({ label, nodes }));
      if (alone.length === 0) return shared;
      return [...shared, { label: shared.length === 0 ? '' : 'one node each', nodes: alone }];
    }
    case 'state': {
      const rankOf = (nodes: readonly ClusterNode[]): number =>
        severity[states.get(nodes[0]?.nodeId ?? -1)?.level ?? 'mute'];
      return [...collect(workers, (node) => states.get(node.nodeId)?.word ?? 'unknown')]
        .sort(([one, a], [other, b]) => rankOf(a) - rankOf(b) || collator.compare(one, other))
        .map(([label, nodes]) => ({ label, nodes }));
    }
  }
}

export interface StateCount {
  readonly word: string;
  readonly level: ShownState;
  readonly count: number;
}

/** The states that nodes are in now, worst first. */
export function countStates(states: Iterable<NodeState>): readonly StateCount[] {
  const counts = new Map<string, StateCount>();
  for (const { word, level } of states) {
    counts.set(word, { word, level, count: (counts.get(word)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort(
    (one, other) => severity[one.level] - severity[other.level] || collator.compare(one.word, other.word),
  );
}

/** A filter never takes away what fails. */
export function passesFilter(state: NodeState | undefined, wanted: string | null): boolean {
  return wanted === null || state?.word === wanted || state?.level === 'bad';
}

/** In the graph no filter fades what is not well: slow, behind, disabled, giving its shards away. */
export function staysBright(state: NodeState | undefined, wanted: string | null): boolean {
  if (passesFilter(state, wanted)) return true;
  return state?.level === 'mind' || state?.level === 'busy' || state?.word === wordOf(nodeStates, 'inactive');
}
