/** What is known of an open cluster. */
import { readServerFacts } from '../../citus/capabilities';
import { describeTable } from '../../citus/describe-table';
import { readPlainTables } from '../../citus/tables';
import type { Registry } from '../../connections/registry';
import type { Monitor } from '../../monitor/monitor';
import type { Handlers } from '../serve';

type ClusterHandlers = Pick<
  Handlers,
  Extract<keyof Handlers, `cluster.${string}` | `health.${string}` | `tables.${string}`>
>;

export interface ClusterParts {
  readonly registry: Registry;
  readonly monitor: Monitor;
}

export function clusterHandlers({ registry, monitor }: ClusterParts): ClusterHandlers {
  return {
    'cluster.snapshot': ({ clusterId }) => monitor.snapshot(clusterId),
    'cluster.refresh': ({ clusterId }, signal) => monitor.refresh(clusterId, signal),
    'cluster.sizes': ({ clusterId, maxAgeMs }) => monitor.sizes(clusterId, maxAgeMs),
    'cluster.reachability': ({ clusterId }) => monitor.reachability(clusterId),
    'cluster.states': ({ clusterId }) => monitor.states(clusterId),
    'cluster.probe': ({ clusterId }) => monitor.probe(clusterId),
    'cluster.progress': ({ clusterId }) => monitor.progress(clusterId),
    'health.check': ({ clusterId }, signal) => monitor.checkHealth(clusterId, signal),
    'health.report': ({ clusterId }) => monitor.healthReport(clusterId),
    'tables.plain': async ({ clusterId }, signal) => {
      const { catalog } = await readServerFacts(registry.coordinator(clusterId), { signal });
      return readPlainTables(registry.coordinator(clusterId), catalog, { signal });
    },
    'tables.describe': async ({ clusterId, table }, signal) => {
      const { catalog } = await readServerFacts(registry.coordinator(clusterId), { signal });
      return describeTable(registry.coordinator(clusterId), catalog, table, { signal });
    },
  };
}
