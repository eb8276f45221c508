/** Pure: nodes down, colocation groups across. Cells are looked up when they are drawn: 200 by 300 of them cost nothing before. */
import type { ClusterNode } from '../../src-main/contract/cluster';
import type { NodeTitle } from '../nodes/node-names';
import type { NodeState } from '../nodes/node-words';
import { inDrawingOrder } from './graph-model';
import { passesFilter } from './grouping';
import type { GroupFamily, NodeShards, ShardMap } from './shard-groups';
import type { Measure } from './topology-store';

export interface MatrixInput {
  readonly nodes: readonly ClusterNode[];
  readonly titles: ReadonlyMap<number, NodeTitle>;
  readonly states: ReadonlyMap<number, NodeState>;
  readonly shards: ShardMap;
  readonly stateFilter: string | null;
  readonly measure: Measure;
  readonly sort: MatrixSort | null;
}

/** `familyKey` null: by the name of the node. */
export interface MatrixSort {
  readonly familyKey: string | null;
  readonly direction: 'ascending' | 'descending';
}

export interface MatrixRow {
  readonly node: ClusterNode;
  readonly title: string;
  readonly state: NodeState | undefined;
  readonly shards: NodeShards | undefined;
}

export interface Matrix {
  readonly families: readonly GroupFamily[];
  readonly rows: readonly MatrixRow[];
  /** The most that one node holds of each family, in the order of `families`. */
  readonly most: readonly number[];
}

export interface MatrixCell {
  readonly groups: number;
  /** Null when the size of a shard in it is not known. */
  readonly bytes: number | null;
  /** 0 nothing, 1 little .. 5 most of the column. */
  readonly strength: 0 | 1 | 2 | 3 | 4 | 5;
}

const collator = new Intl.Collator('en', { numeric: true });

function groupsOf(shards: NodeShards | undefined, key: string): number {
  return shards?.countByFamily.get(key) ?? 0;
}

function bytesOf(shards: NodeShards | undefined, key: string): number | null {
  return shards?.unsizedFamilies.has(key) ? null : (shards?.bytesByFamily.get(key) ?? 0);
}

/** What is compared; a size that is not known counts as none. */
function valueOf(shards: NodeShards | undefined, key: string, measure: Measure): number {
  return measure === 'bytes' ? (bytesOf(shards, key) ?? 0) : groupsOf(shards, key);
}

export function toMatrix(input: MatrixInput): Matrix {
  const { shards, measure } = input;
  const families = shards.families.filter((family) => family.kind !== 'local');
  const rows = inDrawingOrder(input.nodes)
    .filter((node) => node.role === 'primary')
    .filter((node) => passesFilter(input.states.get(node.nodeId), input.stateFilter))
    .map((node) => ({
      node,
      title: input.titles.get(node.nodeId)?.title ?? String(node.nodeId),
      state: input.states.get(node.nodeId),
      shards: shards.nodes.get(node.groupId),
    }));
  return {
    families,
    rows: sortRows(rows, input.sort, measure),
    most: families.map(({ key }) =>
      [...shards.nodes.values()].reduce((most, node) => Math.max(most, valueOf(node, key, measure)), 0),
    ),
  };
}

function sortRows(
  rows: readonly MatrixRow[],
  sort: MatrixSort | null,
  measure: Measure,
): readonly MatrixRow[] {
  if (sort === null) return rows;
  const { familyKey } = sort;
  const sign = sort.direction === 'ascending' ? 1 : -1;
  return rows
    .slice()
    .sort(
      (one, other) =>
        sign
        * (familyKey === null
          ? collator.compare(one.title, other.title)
          : valueOf(one.shards, familyKey, measure) - valueOf(other.shards, familyKey, measure)),
    );
}

export function cellAt(matrix: Matrix, row: MatrixRow, column: number, measure: Measure): MatrixCell {
  const key = matrix.families[column]?.key ?? '';
  const groups = groupsOf(row.shards, key);
  const bytes = bytesOf(row.shards, key);
  if (groups === 0) return { groups, bytes, strength: 0 };
  const most = Math.max(1, matrix.most[column] ?? 0);
  const share = valueOf(row.shards, key, measure) / most;
  return {
    groups,
    bytes,
    strength: Math.min(5, Math.max(1, Math.ceil(share * 5))) as MatrixCell['strength'],
  };
}

/** Most first, least first, then as it was: heat is looked for at its hottest. */
export function nextMatrixSort(sort: MatrixSort | null, familyKey: string | null): MatrixSort | null {
  const first = familyKey === null ? 'ascending' : 'descending';
  const second = familyKey === null ? 'descending' : 'ascending';
  if (sort === null || sort.familyKey !== familyKey) return { familyKey, direction: first };
  return sort.direction === first ? { familyKey, direction: second } : null;
}

/** Which of `count` cells of this size a view shows, with some beyond its edges. */
export function cellsInSight(
  count: number,
  size: number,
  scrolled: number,
  room: number,
): { readonly first: number; readonly end: number } {
  const beyond = 4;
  const first = Math.max(0, Math.floor(scrolled / size) - beyond);
  return {
    first: Math.min(first, count),
    end: Math.min(count, Math.ceil((scrolled + room) / size) + beyond),
  };
}
