// @vitest-environment happy-dom
import fc from 'fast-check';
import { createPinia, setActivePinia } from 'pinia';
import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectScope } from 'vue';
import { useCluster, useClusterStore } from '../../../src-renderer/clusters/cluster-store';
import { followRecords } from '../../../src-renderer/clusters/follow-records';
import {
  aPractice,
  aProfile,
  aProgress,
  aSession,
  aSnapshot,
  anOperation,
} from '../../support/cluster-records';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';

let uninstall = (): void => undefined;
beforeEach(() => setActivePinia(createPinia()));
afterEach(() => uninstall());

describe('cluster store', () => {
  it('keeps the highest revision in whatever order records arrive', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 1 }), (revisions) => {
        setActivePinia(createPinia());
        const store = useClusterStore();
        for (const revision of revisions) {
          store.putSession(aSession({ revision }));
          store.putOperation(anOperation({ revision }));
        }
        expect(store.sessions.get('c1')?.revision).toBe(Math.max(...revisions));
        expect(store.operations.get('o1')?.revision).toBe(Math.max(...revisions));
      }),
    );
  });

  it('tells when the world was last seen, for the snapshot that is shown only', () => {
    const store = useClusterStore();
    const cluster = useCluster('c1');
    store.putSnapshot(aSnapshot({ revision: 3, takenAt: '2026-03-01T12:00:00Z' }));
    store.putSeen({ clusterId: 'c1', revision: 3, takenAt: '2026-03-01T12:00:10Z' });
    expect(cluster.seenAt.value).toBe('2026-03-01T12:00:10Z');
    store.putSeen({ clusterId: 'c1', revision: 3, takenAt: '2026-03-01T12:00:05Z' });
    store.putSeen({ clusterId: 'c1', revision: 4, takenAt: '2026-03-01T12:00:20Z' });
    expect(cluster.seenAt.value).toBe('2026-03-01T12:00:10Z');
  });

  it('builds a snapshot on the one that is held, and refuses what builds on another', () => {
    const store = useClusterStore();
    const held = aSnapshot({ revision: 3 });
    store.putSnapshot(held);
    const change = { clusterId: 'c1', takenAt: held.takenAt, parts: { cleanupRecords: 7 }, shards: null };
    expect(store.putSnapshotChange({ ...change, base: 2, revision: 5 })).toBe(false);
    expect(store.snapshots.get('c1')).toBe(held);
    expect(store.putSnapshotChange({ ...change, base: 3, revision: 4 })).toBe(true);
    expect(store.snapshots.get('c1')).toMatchObject({ ...held, revision: 4, cleanupRecords: 7 });
    expect(store.snapshots.get('c1')?.shards).toBe(held.shards);
    // One that comes late says nothing new.
    expect(store.putSnapshotChange({ ...change, base: 1, revision: 2 })).toBe(true);
    expect(store.snapshots.get('c1')?.revision).toBe(4);
  });

  it('offers the progress of a job that is under way, and none of one that has ended', () => {
    const store = useClusterStore();
    const cluster = useCluster('c1');
    store.putProgress(aProgress());
    expect(cluster.progress.value?.job.jobId).toBe('7');
    store.putProgress(aProgress({ revision: 2, job: { ...aProgress().job, state: 'finished' } }));
    expect(cluster.progress.value).toBeUndefined();
  });

  it('lists the operations of the cluster, newest first', () => {
    const store = useClusterStore();
    store.putOperation(anOperation({ operationId: 'old', createdAt: '2026-03-01T10:00:00Z' }));
    store.putOperation(anOperation({ operationId: 'new', createdAt: '2026-03-01T11:00:00Z' }));
    store.putOperation(anOperation({ operationId: 'other', clusterId: 'c2' }));
    expect(useCluster('c1').operations.value.map(({ operationId }) => operationId)).toEqual(['new', 'old']);
  });

  it('names a practice cluster by its record, another by its profile, an unknown one by its address', () => {
    const store = useClusterStore();
    const name = useCluster('c1').name;
    expect(name.value).toBe('c1');
    store.putSession(aSession());
    expect(name.value).toBe('127.0.0.1:9800');
    store.putProfiles({
      revision: 1,
      profiles: [aProfile()],
      secrets: { type: 'keystore', name: 'keyring' },
      problems: [],
    });
    expect(name.value).toBe('permits-prod');
    store.putPractice({ revision: 1, clusters: [aPractice()] });
    expect(name.value).toBe('Practice A');
  });
});

describe('followRecords', () => {
  it('listens before it asks, so that an event during the start is not overwritten by an older answer', async () => {
    const bridge = createFakeBridge({
      'sessions.list': () => {
        bridge.emit('session.changed', aSession({ revision: 9, phase: 'open' }));
        return [aSession({ revision: 2, phase: 'connecting' })];
      },
      'profiles.list': () => ({
        revision: 1,
        profiles: [aProfile()],
        secrets: { type: 'vault', state: 'absent' },
        problems: [],
      }),
      'practice.list': () => ({ revision: 1, clusters: [] }),
      'operations.list': () => [anOperation()],
      'cluster.snapshot': ({ clusterId }) => aSnapshot({ clusterId }),
      'cluster.reachability': () => null,
      'cluster.progress': () => null,
    });
    uninstall = installBridge(bridge);
    const scope = effectScope();
    await scope.run(() => followRecords());
    const store = useClusterStore();
    expect(store.sessions.get('c1')).toMatchObject({ revision: 9, phase: 'open' });
    expect(store.operations.size).toBe(1);
    scope.stop();
    expect(bridge.listenerCount('snapshot.changed')).toBe(0);
  });

  it('asks for the whole snapshot when a change builds on one that it does not hold', async () => {
    const bridge = createFakeBridge({
      'sessions.list': () => [],
      'practice.list': () => ({ revision: 1, clusters: [] }),
      'operations.list': () => [],
      'cluster.snapshot': () => aSnapshot({ revision: 8 }),
    });
    uninstall = installBridge(bridge);
    const scope = effectScope();
    await scope.run(() => followRecords());
    bridge.emit('snapshot.changed', {
      clusterId: 'c1',
      revision: 8,
      takenAt: aSnapshot().takenAt,
      base: 7,
      parts: {},
      shards: null,
    });
    await flushPromises();
    expect(useClusterStore().snapshots.get('c1')?.revision).toBe(8);
    scope.stop();
  });

  it('asks for the last records of a cluster when its page is opened and again when its session opens', async () => {
    const bridge = createFakeBridge({
      'sessions.list': () => [],
      'practice.list': () => ({ revision: 1, clusters: [] }),
      'operations.list': () => [],
      'cluster.snapshot': () => null,
      'cluster.reachability': () => null,
      'cluster.progress': () => null,
    });
    uninstall = installBridge(bridge);
    const scope = effectScope();
    await scope.run(() => followRecords());
    const store = useClusterStore();
    const asked = (): number => bridge.calls.filter(({ name }) => name === 'cluster.snapshot').length;
    store.currentId = 'c1';
    await flushPromises();
    expect(asked()).toBe(1);
    bridge.emit('session.changed', aSession({ revision: 1, phase: 'connecting' }));
    await flushPromises();
    expect(asked()).toBe(1);
    bridge.answer({ 'cluster.snapshot': () => aSnapshot() });
    bridge.emit('session.changed', aSession({ revision: 2, phase: 'open' }));
    await flushPromises();
    expect(asked()).toBe(2);
    expect(store.snapshots.get('c1')?.revision).toBe(1);
    scope.stop();
  });
});
