/** What was made before, so that a node that nothing happened to is neither built nor compared again. */
import type { DrawnTile } from './graph-tiles';
import type { BlockLayout } from './layout-tiles';

/** What the overview of many nodes is made of. */
export interface GraphMemory {
  readonly tiles: Memory<DrawnTile>;
  readonly layout: Memory<BlockLayout>;
}

export function createGraphMemory(): GraphMemory {
  return { tiles: createMemory(), layout: createMemory() };
}

export interface Memory<Made> {
  /** What was made for `id`, anew only when one of `inputs` is another value or object than the last time. */
  recall(id: string, inputs: readonly unknown[], make: () => Made): Made;
  /** What was not asked for since the last call is forgotten. */
  sweep(): void;
}

function createMemory<Made>(): Memory<Made> {
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
