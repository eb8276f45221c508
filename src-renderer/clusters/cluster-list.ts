import type { PracticeCluster } from '../../src-main/contract/practice';
import type { useClusterStore } from './cluster-store';
import { countNodes, toShownCluster } from './cluster-state';
import type { ShownCluster } from './cluster-state';

export interface ListedCluster extends ShownCluster {
  readonly clusterId: string;
  readonly name: string;
  readonly isOpen: boolean;
  /** Null while its catalogs were not read. */
  readonly nodeCount: number | null;
  readonly practice: PracticeCluster | null;
}

/** Every cluster that is known, by name: stored profiles and practice clusters (whose profile may still be to come). */
export function listClusters(store: ReturnType<typeof useClusterStore>): readonly ListedCluster[] {
  const practiceOf = new Map(store.practices.map((practice) => [practice.clusterId, practice]));
  const names = new Map(store.profiles.map((profile) => [profile.id, profile.name]));
  for (const practice of store.practices) names.set(practice.clusterId, practice.name);
  return [...names]
    .map(([clusterId, name]) => {
      const practice = practiceOf.get(clusterId);
      const session = store.sessions.get(clusterId);
      const snapshot = store.snapshots.get(clusterId);
      const isOpen = session?.phase === 'open';
      return {
        clusterId,
        name,
        isOpen,
        nodeCount: isOpen && snapshot !== undefined ? countNodes(snapshot) : null,
        practice: practice ?? null,
        ...toShownCluster(session, practice, store.reachability.get(clusterId), snapshot),
      };
    })
    .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}
