// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useClusterStore } from '../../../src-renderer/clusters/cluster-store';
import { usePracticeStore } from '../../../src-renderer/practice/practice-store';
import { aPractice, aSession } from '../../support/cluster-records';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import type { FakeBridge } from '../../support/fake-bridge';

let bridge: FakeBridge;
let uninstall: () => void;
beforeEach(() => {
  setActivePinia(createPinia());
  bridge = createFakeBridge({ 'sessions.open': () => aSession(), 'practice.remove': () => null });
  uninstall = installBridge(bridge);
});
afterEach(() => uninstall());
const names = (): string[] => bridge.calls.map(({ name }) => name);

describe('practice store', () => {
  it('shows the record of the one that is coming up, not of one that was there', async () => {
    const store = useClusterStore();
    const practices = usePracticeStore();
    store.putPractice({ revision: 1, clusters: [aPractice()] });
    let finish: () => void = () => undefined;
    bridge.answer({
      'practice.create': async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        return aPractice({ practiceId: 'p2', clusterId: 'c2' });
      },
    });
    const answer = practices.create();
    expect([practices.isCreating, practices.created]).toEqual([true, undefined]);
    store.putPractice({
      revision: 2,
      clusters: [aPractice(), aPractice({ practiceId: 'p2', phase: 'starting', doing: 'starting worker-1' })],
    });
    expect(practices.created?.doing).toBe('starting worker-1');
    finish();
    expect((await answer)?.practiceId).toBe('p2');
    expect(practices.isCreating).toBe(false);
    expect(names()).toEqual(['practice.create', 'sessions.open']);
  });

  it('keeps why it failed until the next attempt', async () => {
    const practices = usePracticeStore();
    bridge.answer({
      'practice.create': () => ({ ok: false, failure: { kind: 'practice', message: 'No space.' } }),
    });
    expect(await practices.create()).toBeNull();
    expect(practices.creationFailure?.message).toBe('No space.');
    bridge.answer({ 'practice.create': () => aPractice() });
    await practices.create();
    expect(practices.creationFailure).toBeNull();
  });

  it('removes one that stood before the cancelling reached main', async () => {
    const practices = usePracticeStore();
    uninstall();
    uninstall = installBridge({
      ...bridge,
      request: async (name, input, callId) => {
        if (name !== 'practice.create') return bridge.request(name, input, callId);
        practices.cancelCreation();
        return { ok: true, value: aPractice() as never };
      },
      cancel: () => undefined,
    });
    expect(await practices.create()).toBeNull();
    expect(practices.creationFailure).toBeNull();
    expect(names()).toEqual(['practice.remove']);
  });
});
