/** The lines of a history as they stand in its file. Pure. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { HistoryEvent } from '../contract/history';
import { sections } from './world';
import type { Delta } from './world';

/** Form of what is written now. */
const version = 1;

export type Line =
  /** From here on the cluster is looked at. */
  | { readonly type: 'began'; readonly at: string }
  /** Still looked at, and nothing changed. Always of the same length, so that it can be written over. */
  | { readonly type: 'seen'; readonly at: string }
  | { readonly type: 'ended'; readonly at: string }
  /** The world differs from the frame before, or, when whole, from nothing. */
  | Frame
  /** Events whose world is lost; the next frame is whole. */
  | { readonly type: 'events'; readonly at: string; readonly events: readonly HistoryEvent[] };

export interface Frame {
  readonly type: 'frame';
  readonly at: string;
  readonly isWhole: boolean;
  readonly events: readonly HistoryEvent[];
  readonly delta: Delta;
}

/** Longer ones are packed. */
const plainLength = 4_096;

export function toText(line: Line): string {
  switch (line.type) {
    case 'began':
    case 'seen':
    case 'ended':
      return JSON.stringify({ v: version, type: line.type, at: line.at });
    case 'events':
      return JSON.stringify({ v: version, type: line.type, at: line.at, events: line.events });
    case 'frame': {
      const head = JSON.stringify({
        v: version,
        type: line.type,
        at: line.at,
        ...(line.isWhole ? { whole: true } : {}),
        ...(line.events.length > 0 ? { events: line.events } : {}),
      });
      const delta = deltaText(line.delta);
      const body =
        delta.length > plainLength
          ? `"packed":"${deflateRawSync(delta).toString('base64')}"`
          : `"delta":${delta}`;
      return `${head.slice(0, -1)},${body}}`;
    }
  }
}

/** The texts are JSON already and stand in it as they are. */
function deltaText(delta: Delta): string {
  const parts = sections.flatMap((section) => {
    const changes = delta[section];
    if (changes === undefined) return [];
    const entries = Object.entries(changes).map(([key, text]) => `${JSON.stringify(key)}:${text ?? 'null'}`);
    return [`"${section}":{${entries.join(',')}}`];
  });
  return `{${parts.join(',')}}`;
}

interface Written {
  readonly v: number;
  readonly type: string;
  readonly at: string;
  readonly whole?: boolean;
  readonly events?: readonly HistoryEvent[];
  readonly delta?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly packed?: string;
}

/** Null for a line that cannot be read, or that a newer version of the app wrote. */
export function parseLine(text: string): Line | null {
  try {
    const written = JSON.parse(text) as Partial<Written> | null;
    if (written === null || written.v !== version || typeof written.at !== 'string') return null;
    const { at, events = [] } = written;
    if (Number.isNaN(Date.parse(at)) || !Array.isArray(events)) return null;
    switch (written.type) {
      case 'began':
      case 'seen':
      case 'ended':
        return { type: written.type, at };
      case 'events':
        return { type: 'events', at, events };
      case 'frame':
        return {
          type: 'frame',
          at,
          isWhole: written.whole === true,
          events,
          delta: parseDelta(
            written.packed === undefined
              ? (written.delta ?? {})
              : (JSON.parse(
                  inflateRawSync(Buffer.from(written.packed, 'base64')).toString('utf8'),
                ) as NonNullable<Written['delta']>),
          ),
        };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

function parseDelta(written: NonNullable<Written['delta']>): Delta {
  return Object.fromEntries(
    sections.flatMap((section) => {
      const changes = written[section];
      if (changes === undefined) return [];
      const texts = Object.entries(changes).map(
        ([key, value]) => [key, value === null ? null : JSON.stringify(value)] as const,
      );
      return [[section, Object.fromEntries(texts)]];
    }),
  );
}
