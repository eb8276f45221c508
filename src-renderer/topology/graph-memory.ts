/** What was made before, so that a node that nothing happened to is neither built nor compared again. */

export interface GraphMemory<Made> {
  /** What was made for `id`, anew only when one of `inputs` is another value or object than the last time. */
  recall(id: string, inputs: readonly unknown[], make: () => Made): Made;
  /** What was not asked for since the last call is forgotten. */
  sweep(): void;
}

export function createGraphMemory<Made>(): GraphMemory<Made> {
  interface Kept {
    readonly inputs: readonly unknown[];
    readonly made: Made;
  }
  let known = new Map<string, Kept>();
  let used = new Map<string, Kept>();
  return {
    recall(id, inputs, make) {
      const before = known.get(id);
      const isSame =
        before?.inputs.length === inputs.length
        && inputs.every((input, index) => Object.is(input, before.inputs[index]));
      const kept = before !== undefined && isSame ? before : { inputs, made: make() };
      used.set(id, kept);
      return kept.made;
    },
    sweep() {
      known = used;
      used = new Map();
    },
  };
}
