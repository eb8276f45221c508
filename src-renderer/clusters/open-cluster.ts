import { useRouter } from 'vue-router';
import { useClusterStore } from './cluster-store';
import { useSessionActions } from './session-actions';

/** Goes to the pages of a cluster; a closed session is opened on the way, a stopped practice cluster is left stopped. */
export function useOpenCluster(): (clusterId: string) => Promise<void> {
  const router = useRouter();
  const store = useClusterStore();
  const sessions = useSessionActions();

  return async (clusterId) => {
    const phase = store.sessions.get(clusterId)?.phase ?? 'closed';
    const practice = store.practices.find((one) => one.clusterId === clusterId);
    const canAnswer = practice === undefined || ['running', 'loading'].includes(practice.phase);
    if (phase === 'closed' && canAnswer && !sessions.attempts.has(clusterId))
      void sessions.connect(clusterId);
    const current = router.currentRoute.value;
    // The same subject of another cluster: whoever compares two clusters stays with what is compared.
    const name = current.params['clusterId'] === undefined ? 'topology' : (current.name ?? 'topology');
    await router.push({ name, params: { clusterId } });
  };
}
