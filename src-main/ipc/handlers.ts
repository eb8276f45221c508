/** One table of handlers: every request of contract/requests.ts, and the compiler says which is missing. */
import { advisorHandlers } from './handlers/advisor';
import type { AdvisorParts } from './handlers/advisor';
import { appHandlers } from './handlers/app';
import type { AppParts } from './handlers/app';
import { clusterHandlers } from './handlers/clusters';
import type { ClusterParts } from './handlers/clusters';
import { connectionHandlers } from './handlers/connections';
import type { ConnectionParts } from './handlers/connections';
import type { History } from '../history/history';
import { historyHandlers } from './handlers/history';
import { operationHandlers } from './handlers/operations';
import type { OperationParts } from './handlers/operations';
import { practiceHandlers } from './handlers/practice';
import type { PracticeParts } from './handlers/practice';
import { routingHandlers } from './handlers/routing';
import type { RoutingParts } from './handlers/routing';
import { tableHandlers } from './handlers/tables';
import type { TableParts } from './handlers/tables';
import { rebalanceHandlers } from './handlers/rebalance';
import type { RebalanceParts } from './handlers/rebalance';
import { shareHandlers } from './handlers/share';
import type { ShareParts } from './handlers/share';
import type { Handlers } from './serve';

export interface HandlerParts {
  readonly advisor: AdvisorParts;
  readonly app: AppParts;
  readonly connections: ConnectionParts;
  readonly clusters: ClusterParts;
  readonly history: History;
  readonly operations: OperationParts;
  readonly practice: PracticeParts;
  readonly rebalance: RebalanceParts;
  readonly share: ShareParts;
  readonly tables: TableParts;
  readonly routing: RoutingParts;
}

export function createHandlers(parts: HandlerParts): Handlers {
  return {
    ...advisorHandlers(parts.advisor),
    ...appHandlers(parts.app),
    ...connectionHandlers(parts.connections),
    ...clusterHandlers(parts.clusters),
    ...historyHandlers(parts.history),
    ...operationHandlers(parts.operations),
    ...rebalanceHandlers(parts.rebalance),
    ...practiceHandlers(parts.practice),
    ...shareHandlers(parts.share),
    ...tableHandlers(parts.tables),
    ...routingHandlers(parts.routing),
  };
}
