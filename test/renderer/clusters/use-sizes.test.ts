// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effectScope } from 'vue';
import type { EffectScope } from 'vue';
import { useClusterStore } from '../../../src-renderer/clusters/cluster-store';
import { useSizes } from '../../../src-renderer/clusters/use-sizes';
import { aSession, aShard, aSnapshot, at } from '../../support/cluster-records';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import type { FakeBridge } from '../../support/fake-bridge';

let bridge: FakeBridge;
let scope: EffectScope;
let uninstall: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
  let revision = 0;
  bridge = createFakeBridge({
    'cluster.readSizes': ({ clusterId }) => {
      revision += 1;
      store().putSizesChange({
        clusterId,
        revision,
        bytesRevision: 1,
        base: revision === 1 ? null : 1,
        takenAt: at,
        changed: revision === 1 ? { '102008': 8192 } : {},
        removed: [],
        incomplete: null,
      });
      return { revision };
    },
  });
  uninstall = installBridge(bridge);
  scope = effectScope();
});
afterEach(() => {
  scope.stop();
  uninstall();
  vi.useRealTimers();
});
const store = useClusterStore;
const asked = (): number => bridge.calls.length;

describe('useSizes', () => {
  it('asks only while the session is open and someone looks', async () => {
    const store = useClusterStore();
    scope.run(() => useSizes('c1', 30_000));
    await vi.advanceTimersByTimeAsync(90_000);
    expect(asked()).toBe(0);
    store.putSession(aSession());
    await vi.advanceTimersByTimeAsync(0);
    expect(asked()).toBe(1);
    expect(store.sizes.get('c1')?.shardBytes).toEqual({ '102008': 8192 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked()).toBe(3);
    scope.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(asked()).toBe(3);
  });

  it('asks soon, and once, for shards that are new', async () => {
    const store = useClusterStore();
    store.putSession(aSession());
    store.putSnapshot(aSnapshot());
    scope.run(() => useSizes('c1', 600_000));
    await vi.advanceTimersByTimeAsync(0);
    store.putSnapshot(aSnapshot({ revision: 2 }));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked()).toBe(1);
    for (let revision = 3; revision < 8; revision += 1) {
      store.putSnapshot(aSnapshot({ revision, shards: [aShard(), aShard({ shardId: `9${revision}` })] }));
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked()).toBe(2);
    expect(bridge.calls[1]?.input).toEqual({ clusterId: 'c1', wanted: 'now' });
  });

  it('asks for the whole when what it holds is older, as after a reload of the window', async () => {
    const store = useClusterStore();
    const whole = { clusterId: 'c1', revision: 9, takenAt: at, shardBytes: { '7': 70 }, incomplete: null };
    bridge.answer({
      'cluster.readSizes': () => ({ revision: 9 }),
      'cluster.sizes': () => ({ ...whole, bytesRevision: 4 }),
    });
    store.putSession(aSession());
    scope.run(() => useSizes('c1', 30_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.sizes.get('c1')?.shardBytes).toEqual({ '7': 70 });
    await vi.advanceTimersByTimeAsync(30_000);
    expect(bridge.calls.map(({ name }) => name)).toEqual([
      'cluster.readSizes',
      'cluster.sizes',
      'cluster.readSizes',
    ]);
  });
});
