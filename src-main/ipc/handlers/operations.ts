/** Changes: planned, reviewed, run; and the trail of what was run. */
import type { Operations } from '../../operations/operations';
import type { AuditTrail } from '../../storage/audit-trail';
import type { Handlers } from '../serve';

type OperationHandlers = Pick<Handlers, Extract<keyof Handlers, `operations.${string}` | `audit.${string}`>>;

export interface OperationParts {
  readonly operations: Operations;
  readonly audit: AuditTrail;
  /** Asks the person where; null when the dialog was closed. */
  readonly askForFile: (suggestedName: string) => Promise<string | null>;
}

export function operationHandlers({ operations, audit, askForFile }: OperationParts): OperationHandlers {
  return {
    'operations.plan': ({ clusterId, request }, signal) => operations.plan(clusterId, request, signal),
    'operations.start': ({ planId }) => operations.start(planId),
    'operations.list': ({ clusterId }) => operations.list(clusterId),
    'operations.pause': ({ operationId }) => operations.pause(operationId),
    'operations.resume': ({ operationId }) => operations.resume(operationId),
    'operations.planRest': ({ operationId }, signal) => operations.planRest(operationId, signal),
    'operations.resumeWith': ({ operationId, planId }) => operations.resumeWith(operationId, planId),
    'operations.cancel': ({ operationId }) => operations.cancel(operationId),
    'operations.decide': ({ operationId, decision }) => operations.decide(operationId, decision),
    'audit.list': (query) => audit.list(query),
    'audit.verify': () => audit.verify(),
    'audit.export': async () => {
      const path = await askForFile('shardboard-audit.jsonl');
      if (path === null) return null;
      await audit.export(path);
      return { path };
    },
  };
}
