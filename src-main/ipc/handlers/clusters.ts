/** What is known of an open cluster. */
import type { Monitor } from '../../monitor/monitor';
import type { Handlers } from '../serve';

type ClusterHandlers = Pick<Handlers, Extract<keyof Handlers, `cluster.${string}` | `health.${string}`>>;

export interface ClusterParts {
  readonly monitor: Monitor;
}

export function clusterHandlers({ monitor }: ClusterParts): ClusterHandlers {
  return {
    'cluster.snapshot': ({ clusterId }) => monitor.snapshot(clusterId),
    'cluster.refresh': ({ clusterId }, signal) => monitor.refresh(clusterId, signal),
    'cluster.sizes': ({ clusterId }) => monitor.lastSizes(clusterId),
    'cluster.readSizes': async ({ clusterId, wanted }) => {
      const { revision } = await monitor.lookAtSizes(clusterId, wanted);
      return { revision };
    },
    'cluster.reachability': ({ clusterId }) => monitor.reachability(clusterId),
    'cluster.states': ({ clusterId }) => monitor.states(clusterId),
    'cluster.probe': ({ clusterId }) => monitor.probe(clusterId),
    'cluster.progress': ({ clusterId }) => monitor.progress(clusterId),
    'health.check': ({ clusterId }, signal) => monitor.checkHealth(clusterId, signal),
    'health.report': ({ clusterId }) => monitor.healthReport(clusterId),
  };
}
