/** Stopping what another server process runs. */
import type { ChangeResult, Statement, StatementOptions, Writer } from '../connections/database';
import type { BackendIdentity } from './operation-reads';

/** Only the very process that is meant: a pid may be given to a later one. */
export function cancelBackendStatement(backend: BackendIdentity): Statement {
  return {
    text: 'SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz',
    values: [backend.pid, backend.startedAt],
  };
}

export function cancelBackend(
  writer: Writer,
  backend: BackendIdentity,
  options?: StatementOptions,
): Promise<ChangeResult<object>> {
  return writer.change(cancelBackendStatement(backend), options);
}
