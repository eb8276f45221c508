import type { Router } from 'vue-router';
import { request } from '../api/bridge';
import { useClusterStore } from '../clusters/cluster-store';
import { useSessionActions } from '../clusters/session-actions';
import { useNoticeStore } from '../shell/notice-store';
import { usePracticeStore } from './practice-store';

/** `--practice` on the command line: opens the newest practice cluster that stands, or makes one. Once a window. */
export async function startAsAsked(router: Router): Promise<void> {
  const store = useClusterStore();
  const practices = usePracticeStore();
  const sessions = useSessionActions();
  const notices = useNoticeStore();
  const info = await request('app.info', undefined);
  if (!info.ok || !info.value.startWithPractice) return;

  const newest = store.practices
    .filter(({ phase }) => phase !== 'failed')
    .reduce<(typeof store.practices)[number] | undefined>(
      (best, one) => (best === undefined || one.createdAt > best.createdAt ? one : best),
      undefined,
    );
  if (newest === undefined) {
    const created = await practices.create();
    if (created !== null) await router.push({ name: 'topology', params: { clusterId: created.clusterId } });
    return;
  }
  await router.push({ name: 'topology', params: { clusterId: newest.clusterId } });
  if (newest.phase === 'stopped') {
    const result = await practices.start(newest);
    if (!result.ok) notices.reportFailure(`Start ${newest.name}`, result.failure, newest.clusterId);
  } else if (store.sessions.get(newest.clusterId)?.phase !== 'open') {
    await sessions.connect(newest.clusterId);
  }
}
