/**
 * What is kept of a cluster at a moment: small texts by section and key, so that two moments differ in a few texts, and
 * the difference is all that has to be written. Pure.
 */

export const sections = [
  'base',
  'nodes',
  'reach',
  'conditions',
  'groups',
  'tables',
  'shards',
  'places',
  'sizes',
  'jobs',
] as const;
export type Section = (typeof sections)[number];

/** JSON texts by key. A section is never changed, only replaced. */
export type World = Readonly<Record<Section, ReadonlyMap<string, string>>>;

/** Null: the key is gone. */
export type Delta = Readonly<Partial<Record<Section, Readonly<Record<string, string | null>>>>>;

const nothing: ReadonlyMap<string, string> = new Map();

export const emptyWorld: World = {
  base: nothing,
  nodes: nothing,
  reach: nothing,
  conditions: nothing,
  groups: nothing,
  tables: nothing,
  shards: nothing,
  places: nothing,
  sizes: nothing,
  jobs: nothing,
};

/** Null where there is no difference. */
export function diffWorlds(before: World, after: World): Delta | null {
  const delta: Partial<Record<Section, Record<string, string | null>>> = {};
  for (const section of sections) {
    const changes = diffSection(before[section], after[section]);
    if (changes !== null) delta[section] = changes;
  }
  return Object.keys(delta).length === 0 ? null : delta;
}

function diffSection(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): Record<string, string | null> | null {
  if (before === after) return null;
  const changes: Record<string, string | null> = {};
  let isChanged = false;
  for (const [key, text] of after) {
    if (before.get(key) === text) continue;
    changes[key] = text;
    isChanged = true;
  }
  for (const key of before.keys()) {
    if (after.has(key)) continue;
    changes[key] = null;
    isChanged = true;
  }
  return isChanged ? changes : null;
}

export function applyDelta(world: World, delta: Delta): World {
  const result: Record<Section, ReadonlyMap<string, string>> = { ...world };
  for (const section of sections) {
    const changes = delta[section];
    if (changes === undefined) continue;
    const next = new Map(world[section]);
    for (const [key, text] of Object.entries(changes)) {
      if (text === null) next.delete(key);
      else next.set(key, text);
    }
    result[section] = next;
  }
  return result;
}

/** One difference that does what both do, one after the other. */
export function mergeDeltas(first: Delta, second: Delta): Delta {
  const merged: Partial<Record<Section, Readonly<Record<string, string | null>>>> = { ...first };
  for (const section of sections) {
    const changes = second[section];
    if (changes !== undefined) merged[section] = { ...first[section], ...changes };
  }
  return merged;
}
