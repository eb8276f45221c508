import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMoveTimes } from '../../../src-main/storage/move-times';
import { waitFor } from '../../support/wait';

describe('times of moves', () => {
  let folder = '';
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'move-times-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const reopened = async (count: number): Promise<readonly unknown[]> => {
    let found: readonly unknown[] = [];
    await waitFor('the times on the disk', async () => {
      found = (await createMoveTimes({ folder })).samples('c1');
      return found.length === count;
    });
    return found;
  };

  it('are kept by cluster, oldest first, over restarts', async () => {
    const times = await createMoveTimes({ folder });
    times.note('c1', { bytes: 10, ms: 100 });
    times.note('c2', { bytes: 99, ms: 999 });
    times.note('c1', { bytes: 20, ms: 200 });
    expect(await reopened(2)).toEqual([
      { bytes: 10, ms: 100 },
      { bytes: 20, ms: 200 },
    ]);
  });

  it('keep the last 200 and go with their cluster', async () => {
    const times = await createMoveTimes({ folder });
    for (let move = 0; move < 250; move += 1) times.note('c1', { bytes: move, ms: 1 });
    expect(times.samples('c1')).toHaveLength(200);
    expect(times.samples('c1')[0]?.bytes).toBe(50);
    times.forget('c1');
    expect(times.samples('c1')).toEqual([]);
    expect(await reopened(0)).toEqual([]);
  });

  it('begin anew where the file cannot be read, and say so', async () => {
    await writeFile(join(folder, 'move-times.json'), '{"version": 1, "data": {"c1": [{"bytes": -1}]}}');
    const times = await createMoveTimes({ folder });
    expect(times.samples('c1')).toEqual([]);
    expect(times.problem).toContain('kept as');
  });
});
