/** A cluster watched by the app's own registry and monitor, with everything they publish. */
import { recognise } from '../../src-main/citus/recognise';
import type { SessionTiming } from '../../src-main/connections/dial';
import { createRegistry } from '../../src-main/connections/registry';
import type { Registry } from '../../src-main/connections/registry';
import type { EventName, Events } from '../../src-main/contract/events';
import type { Profile } from '../../src-main/contract/profiles';
import { createMonitor } from '../../src-main/monitor/monitor';
import type { Monitor } from '../../src-main/monitor/monitor';
import type { PracticeEndpoint } from '../../src-main/practice/practice-service';
import { waitFor } from './wait';

export const watchedId = 'watched';

export interface WatchedCluster {
  readonly registry: Registry;
  readonly monitor: Monitor;
  of<E extends EventName>(event: E): readonly Events[E][];
  end(): Promise<void>;
}

export interface WatchOptions {
  readonly refreshSeconds?: number;
  readonly timing?: Partial<SessionTiming>;
}

/** Resolves when the session is open and every node was tried. */
export async function watchCluster(
  endpoint: PracticeEndpoint,
  options: WatchOptions = {},
): Promise<WatchedCluster> {
  const published: { event: EventName; record: Events[EventName] }[] = [];
  const profile: Profile = {
    id: watchedId,
    name: 'Watched',
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    tls: { mode: 'disable' },
    origin: 'person',
    hasStoredPassword: true,
    createdAt: new Date().toISOString(),
  } as Profile;
  const registry = createRegistry({
    profiles: { get: (id) => (id === watchedId ? profile : undefined) },
    secrets: { read: () => Promise.resolve(endpoint.password) },
    recognise,
    onState: (state) => monitor.onSession(state),
    timing: options.timing,
  });
  const monitor = createMonitor({
    moveTimes: { samples: () => [], note: () => undefined },
    sessions: registry,
    publish: (event, record) => published.push({ event, record }),
    settings: () => ({ refreshSeconds: options.refreshSeconds ?? 5 }),
  });
  const end = async (): Promise<void> => {
    monitor.stop();
    await registry.closeAll();
  };
  try {
    await registry.open(watchedId, { signal: new AbortController().signal });
    await waitFor(
      'every node to be tried',
      () => {
        const states = monitor.states(watchedId)?.nodes;
        return states !== undefined && states.length > 0 && states.every(({ state }) => state !== 'unknown');
      },
      60_000,
    );
  } catch (error) {
    await end();
    throw error;
  }
  return {
    registry,
    monitor,
    of: <E extends EventName>(event: E) =>
      published.filter((one) => one.event === event).map((one) => one.record as Events[E]),
    end,
  };
}
