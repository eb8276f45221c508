import { watch } from 'vue';
import { onEvent, request } from '../api/bridge';
import { useNoticeStore } from '../shell/notice-store';
import { useClusterStore } from './cluster-store';

/**
 * Fills the store: listens first, then asks for what was there before the window was, so nothing falls between. When
 * the current cluster changes or its session opens, its last known records are asked for.
 */
export async function followRecords(): Promise<void> {
  const store = useClusterStore();
  onEvent('session.changed', store.putSession);
  onEvent('snapshot.changed', (change) => {
    if (!store.putSnapshotChange(change)) void readSnapshot(change.clusterId);
  });
  onEvent('snapshot.seen', store.putSeen);
  onEvent('reachability.changed', store.putReachability);
  onEvent('states.changed', store.putConditions);
  onEvent('sizes.changed', (change) => {
    if (!store.putSizesChange(change)) void readSizes(change.clusterId);
  });
  onEvent('progress.changed', store.putProgress);
  onEvent('health.changed', store.putHealth);
  onEvent('operation.changed', store.putOperation);
  onEvent('practice.changed', store.putPractice);
  onEvent('profiles.changed', store.putProfiles);

  watch(
    () => [store.currentId, store.sessions.get(store.currentId ?? '')?.phase] as const,
    ([clusterId, phase], before) => {
      if (clusterId === null || (clusterId === before?.[0] && phase !== 'open')) return;
      void readRecords(clusterId);
    },
    { immediate: true },
  );

  await Promise.all([
    request('profiles.list', undefined).then((result) => {
      if (!result.ok) return;
      store.putProfiles(result.value);
      const notices = useNoticeStore();
      for (const problem of result.value.problems)
        notices.say('bad', 'A stored file could not be read', problem);
    }),
    request('practice.list', undefined).then((result) => result.ok && store.putPractice(result.value)),
    request('sessions.list', undefined).then(
      (result) => result.ok && result.value.forEach((session) => store.putSession(session)),
    ),
    request('operations.list', { clusterId: null }).then(
      (result) => result.ok && result.value.forEach((operation) => store.putOperation(operation)),
    ),
  ]);
  // Of sessions that were open before this window was: their size and state belong in the rail.
  for (const { clusterId, phase } of store.sessions.values()) {
    if (phase === 'open' && clusterId !== store.currentId) void readRecords(clusterId);
  }
}

async function readSnapshot(clusterId: string): Promise<void> {
  const snapshot = await request('cluster.snapshot', { clusterId });
  if (snapshot.ok && snapshot.value !== null) useClusterStore().putSnapshot(snapshot.value);
}

export async function readSizes(clusterId: string): Promise<void> {
  const sizes = await request('cluster.sizes', { clusterId });
  if (sizes.ok && sizes.value !== null) useClusterStore().putSizes(sizes.value);
}

async function readRecords(clusterId: string): Promise<void> {
  const store = useClusterStore();
  const [, reachability, conditions, progress] = await Promise.all([
    readSnapshot(clusterId),
    request('cluster.reachability', { clusterId }),
    request('cluster.states', { clusterId }),
    request('cluster.progress', { clusterId }),
  ]);
  if (reachability.ok && reachability.value !== null) store.putReachability(reachability.value);
  if (conditions.ok && conditions.value !== null) store.putConditions(conditions.value);
  if (progress.ok && progress.value !== null) store.putProgress(progress.value);
}
