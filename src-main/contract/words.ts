/** Words that main and page share, with their exact meanings: what a legend lists. */
import type { NodeRoleName, NodeStateName } from './node-states';

export interface Meaning<Name extends string> {
  readonly name: Name;
  readonly word: string;
  /** One or two sentences: when exactly it holds. */
  readonly meaning: string;
}

/** A probe is slow from here on, however fast the node is otherwise. Milliseconds. */
export const slowFromMs = 250;
/** And from this many times its own usual time on. */
export const slowFactor = 5;
export const recentProbes = 5;
/** Of the recent ones. */
export const slowProbes = 3;

/** Where several hold, the first one is shown. */
export const nodeStates: readonly Meaning<NodeStateName>[] = [
  {
    name: 'inactive',
    word: 'inactive',
    meaning:
      'Registered and disabled (isactive is false): it is sent no statements, no shards and no metadata, whether it answers or not.',
  },
  {
    name: 'unreachable',
    word: 'unreachable',
    meaning:
      'When it was last tried, this workstation got no answer, and the coordinator none either (or it could not tell in time of a node that answered this workstation before).',
  },
  {
    name: 'suspect',
    word: 'suspect (slow)',
    meaning: `Answers this workstation, but ${slowProbes} of the last ${recentProbes} probes took longer than ${slowFromMs} ms and ${slowFactor} times its own usual time, or one of them ran into the time limit.`,
  },
  {
    name: 'not-synced',
    word: 'not synced',
    meaning: 'Active, and its copy of the metadata is behind (metadatasynced is false) or was never made.',
  },
  {
    name: 'draining',
    word: 'draining',
    meaning: 'May hold no shards (shouldhaveshards is false), still holds some, and a job moves them away.',
  },
  {
    name: 'to-be-drained',
    word: 'to be drained',
    meaning: 'May hold no shards (shouldhaveshards is false), still holds some, and nothing moves them away.',
  },
  {
    name: 'drained',
    word: 'drained',
    meaning:
      'A worker that may hold no shards (shouldhaveshards is false) and holds none but copies of reference tables.',
  },
  {
    name: 'added',
    word: 'added without shards',
    meaning:
      'An active worker that may hold shards and holds none but copies of reference tables, while other nodes do.',
  },
  {
    name: 'unknown',
    word: 'unknown',
    meaning: 'Active in the catalogs; whether it answers was not tried yet, or could not be found out.',
  },
  { name: 'active', word: 'active', meaning: 'Active in the catalogs, answers, and its metadata is synced.' },
  {
    name: 'removed',
    word: 'removed',
    meaning: 'Was in the catalogs (pg_dist_node) within the last ten minutes and is not any more.',
  },
];

export const nodeRoles: readonly Meaning<NodeRoleName>[] = [
  {
    name: 'coordinator',
    word: 'coordinator',
    meaning: 'Group 0: keeps the metadata and plans statements; holds no shards of distributed tables.',
  },
  {
    name: 'coordinator-with-shards',
    word: 'coordinator that holds shards',
    meaning: 'Group 0, and it holds shards of distributed tables or may (shouldhaveshards is true).',
  },
  {
    name: 'primary',
    word: 'primary worker',
    meaning: 'The node of its group that takes writes (noderole is primary).',
  },
  {
    name: 'secondary',
    word: 'secondary worker',
    meaning:
      'A streaming replica of the primary of its group (noderole is secondary); holds the same shards.',
  },
  {
    name: 'coordinator-secondary',
    word: 'secondary coordinator',
    meaning: 'A streaming replica of the coordinator (group 0, noderole is secondary).',
  },
  {
    name: 'clone',
    word: 'clone',
    meaning: 'A copy of a worker that takes no statements until it is promoted (nodeisclone).',
  },
  {
    name: 'unavailable',
    word: 'not available',
    meaning: 'Registered with the role unavailable: it gets no statements.',
  },
];

export function wordOf<Name extends string>(meanings: readonly Meaning<Name>[], name: Name): string {
  return meanings.find((one) => one.name === name)?.word ?? name;
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** "214 MB", "32 kB", "1.3 MB": steps of 1024 as PostgreSQL's pg_size_pretty has them, three digits at most. */
export function sizeWords(bytes: number): string {
  let value = Math.abs(bytes);
  let unit = 0;
  // From 999.5 on three digits no longer hold the figure.
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${bytes < 0 ? '−' : ''}${value.toFixed(digits).replace(/\.0$/, '')} ${byteUnits[unit] ?? ''}`;
}
