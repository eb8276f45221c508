import { describe, expect, it } from 'vitest';
import { engines } from '../support/practice';
import { recordingFile, replay } from '../support/replay';
import type { ReplayResult } from '../support/replay';

const share = (result: ReplayResult): number => (result.entries - result.misses.length) / result.entries;

/** What the emulator is allowed to answer differently; real Citus, the source of the recordings, nothing. */
const goals = { catalog: 0.9, errors: 0.7, routing: 1, 'tables-change': 0.9 };

describe.each(await engines())('what a real Citus answered is answered by $name', (engine) => {
  it.each([
    [['catalog', 'errors'] as const],
    [['routing'] as const],
    [['catalog', 'tables-change'] as const],
  ])('as recorded: %s', async (names) => {
    const results = await replay(names.map(recordingFile), engine);
    for (const [index, result] of results.entries()) {
      const goal = engine.isEmulator ? goals[names[index] ?? 'catalog'] : 1;
      expect(result.entries).toBeGreaterThan(10);
      expect(share(result), JSON.stringify(result.misses, null, 1)).toBeGreaterThanOrEqual(goal);
    }
  });
});
