/** Elements made before, so that a node that nothing happened to is neither built nor compared again. */
import type { GraphElement } from './graph-diff';

export interface GraphMemory {
  /** The elements of `id`, made anew only when one of `inputs` is another value or object than the last time. */
  recall(
    id: string,
    inputs: readonly unknown[],
    make: () => readonly GraphElement[],
  ): readonly GraphElement[];
  /** What was not asked for since the last call is forgotten. */
  sweep(): void;
}

export function createGraphMemory(): GraphMemory {
  interface Kept {
    readonly inputs: readonly unknown[];
    readonly elements: readonly GraphElement[];
  }
  let known = new Map<string, Kept>();
  let used = new Map<string, Kept>();
  return {
    recall(id, inputs, make) {
      const before = known.get(id);
      const isSame =
        before?.inputs.length === inputs.length
        && inputs.every((input, index) => Object.is(input, before.inputs[index]));
      const kept = before !== undefined && isSame ? before : { inputs, elements: make() };
      used.set(id, kept);
      return kept.elements;
    },
    sweep() {
      known = used;
      used = new Map();
    },
  };
}
