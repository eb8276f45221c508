/** What the monitor is given from outside. */
import type { Reader } from '../connections/database';
import type { Settings } from '../contract/app';
import type { EventName, Events } from '../contract/events';
import type { LastSeenStates } from '../contract/node-states';
import type { MoveTimes } from '../plans/move-estimate';
import type { Clock } from './clock';

export interface MonitorSessions {
  /** The session whose statements others wait for: short ones only. Throws `not-connected` while it is not open. */
  coordinator(clusterId: string): Reader;
  /** A second session with the coordinator, for statements that wait for other nodes. */
  aside(clusterId: string): Promise<Reader>;
  node(clusterId: string, node: { readonly host: string; readonly port: number }): Promise<Reader>;
}

export type Publish = <E extends EventName>(event: E, record: Events[E]) => void;

export interface MonitorParts {
  readonly sessions: MonitorSessions;
  readonly publish: Publish;
  readonly settings: () => Pick<Settings, 'refreshSeconds'>;
  readonly moveTimes: MoveTimes;
  /** The nodes as they were when the cluster was last watched; absent where nothing is kept. */
  readonly lastSeen?: (clusterId: string) => Promise<LastSeenStates | null>;
  readonly clock?: Clock;
  /** For notices; unique in a run of the app. */
  readonly newId?: () => string;
}
