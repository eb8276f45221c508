/** Pure: what colour and how strong a shard group is drawn. */
import type { GroupFamily, ShardGroup, ShardMap } from './shard-groups';
import type { Palette } from './palette';

export const colourings = ['group', 'state', 'bytes'] as const;
export type Colouring = (typeof colourings)[number];

export function colouringWords(colouring: Colouring): string {
  switch (colouring) {
    case 'group':
      return 'colocation group';
    case 'state':
      return 'state';
    case 'bytes':
      return 'bytes';
  }
}

/** The first families have a colour of their own; the rest, and local tables, share one. */
export function familyColour(family: GroupFamily | undefined, palette: Palette): string {
  if (family === undefined || family.kind === 'local') return palette.mute;
  return palette.groups[family.index] ?? palette.mute;
}

/** Largest known shard group per family: the strongest colour. */
export function largestByFamily(shards: ShardMap): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (const group of shards.groups) {
    if (group.bytes !== null && group.bytes > (largest.get(group.familyKey) ?? 0)) {
      largest.set(group.familyKey, group.bytes);
    }
  }
  return largest;
}

const weakest = 0.42;
const strongest = 0.92;

/** Three to four steps are all an eye tells apart, and a tile whose bytes wobble keeps its picture. */
export function intensity(bytes: number | null, largest: number): number {
  if (bytes === null) return strongest;
  if (largest <= 0) return weakest;
  const step = Math.round(Math.sqrt(Math.min(1, bytes / largest)) * 4) / 4;
  return weakest + (strongest - weakest) * step;
}

export function isOfTable(group: ShardGroup, tableOid: number): boolean {
  return group.shards.some((shard) => shard.tableOid === tableOid);
}
