/** What the pages about tables read beside the snapshot, on a beat of its own while one of them is open. */
import { onScopeDispose, watch } from 'vue';
import type { TableKeys, TableRowEstimates } from '../../src-main/contract/tables';
import type { PlainTable } from '../../src-main/contract/cluster';
import { useRequest } from '../api/use-request';
import type { UseRequest } from '../api/use-request';
import type { ClusterRecords } from '../clusters/cluster-store';

/** Catalogs of the coordinator: cheap. */
export function useCatalogReadings(cluster: ClusterRecords): {
  readonly plain: UseRequest<readonly PlainTable[]>;
  readonly keys: UseRequest<TableKeys>;
} {
  const input = whileOpen(cluster);
  const plain = useRequest('tables.plain', input);
  const keys = useRequest('tables.keys', input);
  repeat(cluster, 60_000, () => {
    void plain.run();
    void keys.run();
  });
  return { plain, keys };
}

/** Asks every node: seldom. */
export function useRowEstimates(cluster: ClusterRecords): UseRequest<TableRowEstimates> {
  const estimates = useRequest('tables.rowEstimates', whileOpen(cluster));
  repeat(cluster, 120_000, () => void estimates.run());
  return estimates;
}

function whileOpen(cluster: ClusterRecords): () => { readonly clusterId: string } | null {
  return () =>
    cluster.isOpen.value && cluster.snapshot.value !== undefined
      ? { clusterId: cluster.clusterId.value }
      : null;
}

/** On the beat while the window is in sight, and when the catalogs changed. */
function repeat(cluster: ClusterRecords, everyMs: number, run: () => void): void {
  const beat = setInterval(() => {
    if (document.visibilityState !== 'hidden') run();
  }, everyMs);
  onScopeDispose(() => clearInterval(beat));
  watch(
    () => cluster.snapshot.value?.tables,
    (now, before) => {
      if (before !== undefined && now !== undefined && JSON.stringify(now) !== JSON.stringify(before)) run();
    },
  );
}
