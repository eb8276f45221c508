import { describe, expect, it } from 'vitest';
import type { Reader } from '../../../src-main/connections/database';
import { createDisksKeeper } from '../../../src-main/monitor/disks-keeper';

interface World {
  nowMs: number;
  asked: number;
  answers: readonly { readonly nodeId: number; readonly success: boolean; readonly result: string }[];
  baseCost: string | Error;
}

function keeperOf(world: World): ReturnType<typeof createDisksKeeper> {
  const reader: Reader = {
    address: 'db-c1:5432',
    read: (statement) => {
      const isBaseCost = statement.text.includes('base_cost');
      if (!isBaseCost) world.asked += 1;
      if (isBaseCost && world.baseCost instanceof Error) return Promise.reject(world.baseCost);
      return Promise.resolve((isBaseCost ? [{ setting: world.baseCost }] : world.answers) as never);
    },
  };
  return createDisksKeeper({
    aside: () => Promise.resolve(reader),
    clock: { now: () => world.nowMs } as Parameters<typeof createDisksKeeper>[0]['clock'],
  });
}

const told = (available: number): string =>
  JSON.stringify({ disk: [{ available: String(available), total: '1000' }] });

describe('createDisksKeeper', () => {
  it('knows the disks that were told, and leaves out those that were not', async () => {
    const keeper = keeperOf({
      nowMs: 0,
      asked: 0,
      answers: [
        { nodeId: 2, success: true, result: told(400) },
        { nodeId: 3, success: false, result: 'function does not exist' },
        { nodeId: 4, success: true, result: JSON.stringify({ disk: [] }) },
      ],
      baseCost: '100MB',
    });
    const { disks, baseCostBytes } = await keeper.read(0);
    expect([...disks]).toEqual([[2, { availableBytes: 400, totalBytes: 1000 }]]);
    expect(baseCostBytes).toBe(100 * 1024 * 1024);
  });

  it('asks once for all that want it now, and not again while the answer is young', async () => {
    const world: World = {
      nowMs: 1_000,
      asked: 0,
      answers: [{ nodeId: 2, success: true, result: told(400) }],
      baseCost: '0',
    };
    const keeper = keeperOf(world);
    await Promise.all([keeper.read(60_000), keeper.read(60_000)]);
    world.nowMs += 60_000;
    expect((await keeper.read(60_000)).baseCostBytes).toBe(0);
    expect(world.asked).toBe(1);
    world.nowMs += 1;
    await keeper.read(60_000);
    expect(world.asked).toBe(2);
  });

  it('takes the default of Citus for what the server does not tell', async () => {
    const keeper = keeperOf({ nowMs: 0, asked: 0, answers: [], baseCost: new Error('permission denied') });
    expect(await keeper.read(0)).toEqual({ disks: new Map(), baseCostBytes: 100 * 1024 * 1024 });
  });
});
