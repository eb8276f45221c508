/**
 * Replays what a real Citus answered against a practice cluster and says what came out differently.
 *
 * Compared: names and types of columns, rows in order, SQLSTATE, severity, message, detail and hint of errors, and
 * every notice. Compared loosely, because they are another machine's:
 * - ports: the recorded ones stand for the nodes in their order and are translated both ways;
 * - sizes (columns or functions that say so in their name, and texts like "16 kB"): nothing stays nothing, something
 *   stays something;
 * - times and process ids: null stays null;
 * - version text: only "Citus X.Y.Z";
 * - types that the server made itself (oid from 16384 on): any such type;
 * - statements that look at live sessions (citus_stat_activity, citus_locks): columns only.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { PracticeEndpoint } from '../../src-main/practice/practice-service';

export interface RecordedNotice {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export interface RecordedEntry {
  readonly id: string;
  readonly sql?: string;
  readonly params?: readonly unknown[];
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly notices?: readonly RecordedNotice[];
  readonly error?: RecordedNotice;
  /** Of entries that say where a value lands. */
  readonly type?: string;
  readonly shardCount?: number;
  readonly value?: string;
  readonly hash?: number;
  readonly shardIndex?: string | number;
}

export interface Recording {
  readonly cluster: string;
  readonly about: string;
  readonly recorded: readonly RecordedEntry[];
}

export function readRecording(file: string): Recording {
  return JSON.parse(readFileSync(file, 'utf8')) as Recording;
}

/** Ports of the recorded nodes, the coordinator's first; nodes that only join later are not among them. */
export function recordedPorts(recording: Recording): readonly number[] {
  const atFirst = recording.cluster.split(/;|, then /)[0] ?? '';
  return [...atFirst.matchAll(/\b(\d{4,5})\b/g)].map((match) => Number(match[1]));
}

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly typeId: number }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly notices: readonly RecordedNotice[];
  readonly error: RecordedNotice | null;
}

const asText = new Set<number>([20, 1082, 1114, 1184, 1700]);

/** A session of the replay. node-postgres itself, because columns' types are part of what is compared. */
export interface ReplaySession {
  ask(sql: string, params?: readonly unknown[]): Promise<Answer>;
  close(): Promise<void>;
}

export async function openSession(endpoint: PracticeEndpoint): Promise<ReplaySession> {
  const client = new pg.Client({
    ...endpoint,
    application_name: 'replay',
    statement_timeout: 90_000,
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        asText.has(oid)
          ? (value: string) => value
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  client.on('error', () => undefined);
  await client.connect();
  const notices: RecordedNotice[] = [];
  client.on('notice', (notice) => notices.push(told(notice as unknown as ServerWords)));
  return {
    async ask(sql, params = []) {
      notices.length = 0;
      try {
        const result = await client.query<unknown[]>({ text: sql, values: [...params], rowMode: 'array' });
        // A message of several statements is answered by as many results; the last one is the answer.
        const last = Array.isArray(result) ? (result as pg.QueryArrayResult<unknown[]>[]).at(-1) : result;
        return {
          columns: (last?.fields ?? []).map((field) => ({ name: field.name, typeId: field.dataTypeID })),
          rows: last?.rows ?? [],
          notices: [...notices],
          error: null,
        };
      } catch (error) {
        const said = [...notices];
        await client.query('ROLLBACK').catch(() => undefined);
        return { columns: [], rows: [], notices: said, error: told(error as ServerWords) };
      }
    },
    close: () => client.end(),
  };
}

interface ServerWords {
  readonly severity?: string;
  readonly code?: string;
  readonly message?: string;
  readonly detail?: string;
  readonly hint?: string;
}

function told(words: ServerWords): RecordedNotice {
  return {
    severity: words.severity ?? '',
    code: words.code ?? '',
    message: words.message ?? '',
    ...(words.detail ? { detail: words.detail } : {}),
    ...(words.hint ? { hint: words.hint } : {}),
  };
}

/** Recorded port -> port here, and back. */
export class PortMap {
  private readonly here = new Map<string, string>();
  private readonly there = new Map<string, string>();

  add(recorded: number, actual: number): void {
    this.here.set(String(recorded), String(actual));
    this.there.set(String(actual), String(recorded));
  }

  has(recorded: number): boolean {
    return this.here.has(String(recorded));
  }

  toHere(text: string): string {
    return text.replaceAll(/\b\d{4,5}\b/g, (port) => this.here.get(port) ?? port);
  }

  toRecorded(value: unknown): unknown {
    if (typeof value === 'number') return Number(this.there.get(String(value)) ?? value);
    if (typeof value === 'string') {
      return value.replaceAll(/\b\d{4,5}\b/g, (port) => this.there.get(port) ?? port);
    }
    if (Array.isArray(value)) return value.map((item) => this.toRecorded(item));
    if (value !== null && typeof value === 'object' && !(value instanceof Date)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.toRecorded(item)]));
    }
    return value;
  }
}

const timeTypes = new Set(['timestamptz', 'timestamp', 'interval', 'date', 'time']);
const prettySize = /^-?\d+(\.\d+)? (bytes|kB|MB|GB|TB)$/;
const isSize = (column: string): boolean => /(^|_)(size|bytes|length)($|_)|_size$/.test(column);
const looksAtSessions = /citus_stat_activity|citus_dist_stat_activity|citus_lock|citus_backend_gpid/;

/** What differs, in a few words each; empty when the answer is the recorded one. */
export function differences(
  entry: RecordedEntry,
  answer: Answer,
  ports: PortMap,
  typeName: (oid: number) => string,
): readonly string[] {
  const here = ports.toRecorded(answer.error) as RecordedNotice | null;
  if (entry.error || here) return compareWords('error', entry.error ?? null, here);
  const found: string[] = [];
  const columns = entry.columns ?? [];
  if (columns.map((one) => one.name).join() !== answer.columns.map((one) => one.name).join()) {
    found.push(`columns ${answer.columns.map((one) => one.name).join()}`);
  }
  columns.forEach((column, index) => {
    const typeId = answer.columns[index]?.typeId ?? 0;
    if (!isSameType(column.type, typeId, typeName(typeId))) {
      found.push(`type of ${column.name} is ${typeName(typeId)}, not ${column.type}`);
    }
  });
  found.push(...compareNotices(entry.notices ?? [], ports.toRecorded(answer.notices) as RecordedNotice[]));
  if (looksAtSessions.test(entry.sql ?? '')) return found;
  const rows = entry.rows ?? [];
  if (rows.length !== answer.rows.length) return [...found, `${answer.rows.length} rows, not ${rows.length}`];
  for (const [index, row] of rows.entries()) {
    const actual = ports.toRecorded(answer.rows[index]) as unknown[];
    const wrong = row.findIndex((value, at) => !isSameValue(value, actual[at], columns[at]));
    if (wrong === -1) continue;
    found.push(
      `row ${index + 1}, ${columns[wrong]?.name ?? '?'}: ${JSON.stringify(actual[wrong])}, not ${JSON.stringify(row[wrong])}`,
    );
    break;
  }
  return found;
}

function compareNotices(
  recorded: readonly RecordedNotice[],
  actual: readonly RecordedNotice[],
): readonly string[] {
  if (recorded.length !== actual.length) {
    return [
      `${actual.length} notices, not ${recorded.length}: ${actual.map((one) => one.message).join(' / ')}`,
    ];
  }
  return recorded.flatMap((notice, index) => compareWords('notice', notice, actual[index] ?? null));
}

function compareWords(
  kind: string,
  recorded: RecordedNotice | null,
  actual: RecordedNotice | null,
): readonly string[] {
  if (!recorded || !actual) return [actual ? `${kind}: ${actual.code} ${actual.message}` : `no ${kind}`];
  const parts = ['severity', 'code', 'message', 'detail', 'hint'] as const;
  return parts
    .filter((part) => (recorded[part] ?? '') !== (actual[part] ?? ''))
    .map((part) => `${kind}'s ${part} is ${JSON.stringify(actual[part] ?? null)}`);
}

function isSameType(recorded: string, typeId: number, name: string): boolean {
  if (!/^\d+$/.test(recorded)) return name.replace(/^_(.*)/, '$1[]') === recorded;
  return Number(recorded) === typeId || (Number(recorded) >= 16_384 && typeId >= 16_384);
}

function isSameValue(
  recorded: unknown,
  actual: unknown,
  column: { readonly name: string; readonly type: string } | undefined,
): boolean {
  if (recorded === null || actual === null || actual === undefined) return recorded === (actual ?? null);
  const name = column?.name ?? '';
  if (timeTypes.has(column?.type ?? '') || name === 'pid') return true;
  if (typeof recorded === 'string' && typeof actual === 'string') {
    const version = /^Citus \d+\.\d+\.\d+/.exec(recorded)?.[0];
    if (version) return actual.startsWith(version);
    if (prettySize.test(recorded)) {
      return prettySize.test(actual) && recorded.startsWith('0 ') === actual.startsWith('0 ');
    }
  }
  if (isSize(name) && /^-?\d+$/.test(String(recorded)) && /^-?\d+$/.test(String(actual))) {
    return (Number(recorded) === 0) === (Number(actual) === 0);
  }
  return JSON.stringify(recorded) === JSON.stringify(actual);
}
