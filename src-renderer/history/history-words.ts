/** Pure: what the timeline says of an event, and how it is filtered. */
import type { HistoryEvent, HistoryKind } from '../../src-main/contract/history';
import type { NamedAddress } from '../nodes/node-names';
import { withNames } from '../nodes/node-names';
import { formatTime } from '../ui/format';

export const kindWords: Readonly<Record<HistoryKind, string>> = {
  node: 'Nodes',
  placement: 'Shards',
  table: 'Tables',
  version: 'Versions and settings',
  operation: 'Operations',
  job: 'Jobs',
  connection: 'Connection',
};

const levelWords: Readonly<Record<HistoryEvent['level'], string>> = {
  bad: 'trouble',
  mind: 'mind',
  busy: 'began',
  ok: 'fine',
  mute: 'changed',
};

export function levelWord({ level }: HistoryEvent): string {
  return levelWords[level];
}

/** "worker-1 went away: ...", with the names that nodes were given. */
export function eventWords(event: HistoryEvent, named: readonly NamedAddress[]): string {
  return withNames(`${event.subject} ${event.text}`, named);
}

/** "12:04:31", or "between 11:02:10 and 12:04:31" where it was found after a time without recording. */
export function whenWords(event: Pick<HistoryEvent, 'at' | 'notBefore'>, nowMs: number): string {
  const at = formatTime(event.at, nowMs);
  return event.notBefore === null ? at : `between ${formatTime(event.notBefore, nowMs)} and ${at}`;
}

export interface EventFilter {
  readonly kind: HistoryKind | 'all';
  /** `host:port`, or empty for every node. */
  readonly node: string;
  readonly text: string;
}

/** Newest first. */
export function filterEvents(
  events: readonly HistoryEvent[],
  filter: EventFilter,
  named: readonly NamedAddress[],
): readonly HistoryEvent[] {
  const wanted = filter.text.trim().toLowerCase();
  return events
    .filter(({ kind }) => filter.kind === 'all' || kind === filter.kind)
    .filter(({ nodes }) => filter.node === '' || nodes.includes(filter.node))
    .filter((event) => wanted === '' || eventWords(event, named).toLowerCase().includes(wanted))
    .reverse();
}

/** Every node that any event concerns, by address. */
export function nodesOf(events: readonly HistoryEvent[]): readonly string[] {
  return [...new Set(events.flatMap(({ nodes }) => nodes))].sort((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
}
