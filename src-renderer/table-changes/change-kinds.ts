/** Pure: every way to change or undo how a table or a schema is distributed, and where each of them makes sense. */
import type { ClusterTable } from '../../src-main/contract/cluster';

export type ChangeKind =
  | 'shard-count'
  | 'column'
  | 'colocation'
  | 'access-method'
  | 'to-reference'
  | 'to-hash'
  | 'undistribute'
  | 'isolate'
  | 'split'
  | 'create-partitions'
  | 'drop-partitions'
  | 'distribute-schema'
  | 'move-schema'
  | 'undistribute-schema';

export interface ChangeWords {
  /** As in a menu; an ellipsis is added there. */
  readonly label: string;
  /** What it does, in a sentence or two. */
  readonly what: string;
  readonly blocks: string;
  readonly undo: string;
}

const copyBlocks = 'Writes wait until every row is copied; reads go on.';

export const changeWords: Readonly<Record<ChangeKind, ChangeWords>> = {
  'shard-count': {
    label: 'Change the shard count',
    what: 'Citus makes the table anew in more or fewer shards and copies every row.',
    blocks: copyBlocks,
    undo: 'Can be undone by the same with the count of before.',
  },
  column: {
    label: 'Change the distribution column',
    what: 'Citus makes the table anew, its rows spread by another column. It leaves its colocation group.',
    blocks: copyBlocks,
    undo: 'Can be undone by the same with the column of before.',
  },
  colocation: {
    label: 'Change the colocation',
    what: 'Joins the group of another table, or leaves the group it is in. Where the shards lie alike already, the metadata alone is changed.',
    blocks: 'Nothing but its definition for a moment; where rows have to be copied, writes wait.',
    undo: 'Can be undone by the same with the group of before.',
  },
  'access-method': {
    label: 'Change how it is stored',
    what: 'Copies the rows into a table with another access method: heap, or columnar where it is installed.',
    blocks: copyBlocks,
    undo: 'Can be undone by the same with the method of before.',
  },
  'to-reference': {
    label: 'Make it a reference table',
    what: 'Takes the table back to the coordinator and then copies it to every node, in two steps.',
    blocks: copyBlocks,
    undo: 'Can be undone by distributing it again.',
  },
  'to-hash': {
    label: 'Distribute it by hash',
    what: 'Takes the copies back to the coordinator and then spreads the rows over shards, in two steps.',
    blocks: copyBlocks,
    undo: 'Can be undone by making it a reference table again.',
  },
  undistribute: {
    label: 'Undistribute',
    what: 'Copies every row back: an ordinary table on the coordinator is left.',
    blocks: copyBlocks,
    undo: 'Can be undone by distributing it again.',
  },
  isolate: {
    label: 'Isolate a tenant',
    what: 'Gives one value of the distribution column a shard of its own, in every colocated table, and a node where one is chosen.',
    blocks: 'Writes to the one shard, for a few seconds or while it is copied.',
    undo: 'Cannot be undone by itself: shards are not joined again.',
  },
  split: {
    label: 'Split a shard',
    what: 'Divides the hash range of one shard, in every colocated table.',
    blocks: 'Writes to the one shard, for a few seconds or while it is copied.',
    undo: 'Cannot be undone by itself: shards are not joined again.',
  },
  'create-partitions': {
    label: 'Create time partitions',
    what: 'Makes the partitions that are missing between two moments.',
    blocks: 'Reads and writes of the table, for a moment.',
    undo: 'Can be undone by dropping the new partitions.',
  },
  'drop-partitions': {
    label: 'Drop old time partitions',
    what: 'Drops every partition that lies wholly before a moment, with its rows.',
    blocks: 'Reads and writes of the table, for a moment.',
    undo: 'Cannot be undone: the rows are gone.',
  },
  'distribute-schema': {
    label: 'Distribute a schema',
    what: 'All tables of a schema lie together on one node; tables made in it later lie there too.',
    blocks: 'Reads and writes of its tables until every row is copied.',
    undo: 'Can be undone: the rows are copied back.',
  },
  'move-schema': {
    label: 'Move its schema',
    what: 'All tables of the schema move to another node together.',
    blocks: 'Writes to its tables, for a few seconds or while they are copied.',
    undo: 'Can be undone by moving it back.',
  },
  'undistribute-schema': {
    label: 'Undistribute its schema',
    what: 'All tables of the schema are copied back to the coordinator.',
    blocks: copyBlocks,
    undo: 'Can be undone by distributing the schema again.',
  },
};

export function isChangeKind(text: string): text is ChangeKind {
  return Object.hasOwn(changeWords, text);
}

/** What can be asked for of a table of this kind; whether it is possible now, the plan says. */
export function changesOf(
  table: Pick<ClusterTable, 'type' | 'method' | 'isPartitioned' | 'parentOid'>,
): readonly ChangeKind[] {
  if (table.type === 'schema') return ['move-schema', 'undistribute-schema'];
  if (table.parentOid !== null) return ['access-method'];
  const partitions: readonly ChangeKind[] = table.isPartitioned
    ? ['create-partitions', 'drop-partitions']
    : ['access-method'];
  if (table.type === 'reference') return ['to-hash', ...partitions, 'undistribute'];
  if (table.type === 'local') return [...partitions, 'undistribute'];
  if (table.method !== 'hash') return ['undistribute'];
  return [
    'shard-count',
    'column',
    'colocation',
    'isolate',
    'split',
    ...partitions,
    ...(table.isPartitioned ? [] : (['to-reference'] as const)),
    'undistribute',
  ];
}
