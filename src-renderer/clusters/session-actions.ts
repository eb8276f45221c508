import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import type { Failure, Result } from '../../src-main/contract/failure';
import type { SessionState } from '../../src-main/contract/sessions';
import { request } from '../api/bridge';
import { useClusterStore } from './cluster-store';

/** Opening and closing sessions. One attempt a cluster; it can be cancelled from wherever it is shown. */
export const useSessionActions = defineStore('session-actions', () => {
  const clusters = useClusterStore();
  const attempts = shallowReactive(new Map<string, AbortController>());
  /** Why the last attempt of this window failed; gone with the next one. */
  const failures = shallowReactive(new Map<string, Failure>());

  async function connect(clusterId: string, password?: string): Promise<Result<SessionState>> {
    attempts.get(clusterId)?.abort();
    const mine = new AbortController();
    attempts.set(clusterId, mine);
    failures.delete(clusterId);
    const result = await request('sessions.open', { clusterId, password }, { signal: mine.signal });
    if (attempts.get(clusterId) === mine) attempts.delete(clusterId);
    // It opened before the cancelling reached main: what the person wants is no session.
    if (result.ok && mine.signal.aborted && !attempts.has(clusterId)) return disconnect(clusterId);
    if (result.ok) clusters.putSession(result.value);
    else if (result.failure.kind !== 'cancelled') failures.set(clusterId, result.failure);
    return result;
  }

  function cancel(clusterId: string): void {
    attempts.get(clusterId)?.abort();
  }

  async function disconnect(clusterId: string): Promise<Result<SessionState>> {
    cancel(clusterId);
    const result = await request('sessions.close', { clusterId });
    if (result.ok) clusters.putSession(result.value);
    failures.delete(clusterId);
    return result;
  }

  return { attempts, failures, connect, cancel, disconnect };
});
