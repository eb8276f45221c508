/** Pure: records that say the same stay the same objects. */

/** By value, one level deep. */
function isEqual(one: object, other: object): boolean {
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length
    && keys.every((key) => Object.is(Reflect.get(one, key), Reflect.get(other, key)))
  );
}

/** `after` with the objects of `before` where they are equal; `before` itself where all are. */
export function keepEqualEntries<Key, Value extends object>(
  before: ReadonlyMap<Key, Value> | undefined,
  after: ReadonlyMap<Key, Value>,
): ReadonlyMap<Key, Value> {
  if (before === undefined) return after;
  let isSame = before.size === after.size;
  const kept = new Map<Key, Value>();
  for (const [key, value] of after) {
    const known = before.get(key);
    const isKept = known !== undefined && isEqual(known, value);
    kept.set(key, isKept ? known : value);
    isSame &&= isKept;
  }
  return isSame ? before : kept;
}

/** `after` with the objects of `before` where they are equal and at the same place; `before` itself where all are. */
export function keepEqualList<Value extends object>(
  before: readonly Value[] | undefined,
  after: readonly Value[],
): readonly Value[] {
  if (before === undefined) return after;
  let isSame = before.length === after.length;
  const kept = after.map((value, index) => {
    const known = before[index];
    const isKept = known !== undefined && isEqual(known, value);
    isSame &&= isKept;
    return isKept ? known : value;
  });
  return isSame ? before : kept;
}
