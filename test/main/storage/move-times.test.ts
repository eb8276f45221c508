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
    times.note('c1', { bytes: 10, ms: 100, manner: 'logical' });
    times.note('c2', { bytes: 99, ms: 999, manner: 'logical' });
    times.note('c1', { bytes: 20, ms: 200, manner: 'blocking' });
    expect(await reopened(2)).toEqual([
      { bytes: 10, ms: 100, manner: 'logical' },
      { bytes: 20, ms: 200, manner: 'blocking' },
    ]);
  });

  it('keep the last 200 of each manner and go with their cluster', async () => {
    const times = await createMoveTimes({ folder });
    times.note('c1', { bytes: 7, ms: 1, manner: 'blocking' });
    for (let move = 0; move < 250; move += 1) times.note('c1', { bytes: move, ms: 1, manner: 'logical' });
    expect(times.samples('c1')).toHaveLength(201);
    expect(times.samples('c1')[0]).toEqual({ bytes: 7, ms: 1, manner: 'blocking' });
    expect(times.samples('c1')[1]?.bytes).toBe(50);
    times.forget('c1');
    expect(times.samples('c1')).toEqual([]);
    expect(await reopened(0)).toEqual([]);
  });

  it('are taken over from the file of an older app, which did not tell manners apart', async () => {
    await writeFile(
      join(folder, 'move-times.json'),
      '{"version": 1, "data": {"c1": [{"bytes": 5, "ms": 50}]}}',
    );
    const times = await createMoveTimes({ folder });
    expect(times.problem).toBeNull();
    expect(times.samples('c1')).toEqual([{ bytes: 5, ms: 50, manner: null }]);
  });

  it('begin anew where the file cannot be read, and say so', async () => {
    await writeFile(join(folder, 'move-times.json'), '{"version": 1, "data": {"c1": [{"bytes": -1}]}}');
    const times = await createMoveTimes({ folder });
    expect(times.samples('c1')).toEqual([]);
    expect(times.problem).toContain('kept as');
  });
});
