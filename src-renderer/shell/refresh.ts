import { request } from '../api/bridge';
import { useClusterStore } from '../clusters/cluster-store';
import { useNoticeStore } from './notice-store';

/** Reads the open cluster again at once, instead of at the next beat. */
export function useRefresh(): () => Promise<void> {
  const store = useClusterStore();
  const notices = useNoticeStore();
  return async () => {
    const clusterId = store.currentId;
    if (clusterId === null) return;
    const [snapshot, reachability] = await Promise.all([
      request('cluster.refresh', { clusterId }),
      request('cluster.probe', { clusterId }),
      // Only where somebody has looked at sizes; what fails of it is told by the page that shows them.
      store.sizes.has(clusterId) ? request('cluster.readSizes', { clusterId, wanted: 'now' }) : null,
    ]);
    if (reachability.ok) store.putReachability(reachability.value);
    if (snapshot.ok) store.putSnapshot(snapshot.value);
    else notices.reportFailure('Read the cluster again', snapshot.failure, clusterId);
  };
}
