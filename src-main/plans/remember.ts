/** What was worked out for an object that never changes is kept as long as the object is: a slider asks the same again and again. */
export function rememberFor<Key extends object, Value>(make: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, { readonly value: Value }>();
  return (key) => {
    const kept = known.get(key) ?? { value: make(key) };
    known.set(key, kept);
    return kept.value;
  };
}

/** The same for what depends on something more: the last answer of each object is kept, with what it was asked with. */
export function rememberLast<Key extends object, More extends readonly unknown[], Value>(
  make: (key: Key, ...more: More) => Value,
  isSame: (one: More, other: More) => boolean = isSameList,
): (key: Key, ...more: More) => Value {
  const known = new WeakMap<Key, { readonly more: More; readonly value: Value }>();
  return (key, ...more) => {
    const before = known.get(key);
    const kept = before && isSame(before.more, more) ? before : { more, value: make(key, ...more) };
    known.set(key, kept);
    return kept.value;
  };
}

function isSameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, index) => Object.is(value, other[index]));
}
