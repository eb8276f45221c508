/**
 * What an operation did, on the disk before and after each step: one file an operation, one JSON line a record, each
 * forced to the disk before the engine goes on. Files are only ever appended to.
 */
import { mkdir, open, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendIdentity } from '../citus/operation-reads';
import type { Failure } from '../contract/failure';
import type { OperationState, Plan, StepItem } from '../contract/operations';
import type { RebalanceReport } from '../contract/rebalance';

/** Raised when a record changes in a way that an older app would misread. */
export const journalVersion = 2;

/** What a step must know again after a crash, such as a count made before it acted. */
export type StepMemory = Readonly<Record<string, string | number | boolean | null>>;

export type JournalEvent =
  | { readonly type: 'created'; readonly operationId: string; readonly plan: Plan }
  | {
      /** On the disk before the first statement of the step is sent. */
      readonly type: 'step-starting';
      readonly stepId: string;
      readonly memory: StepMemory;
    }
  | {
      readonly type: 'step-ended';
      readonly stepId: string;
      readonly state: 'done' | 'failed' | 'cancelled' | 'conflict' | 'waiting';
      readonly outcome: string | null;
      readonly notices: readonly string[];
      readonly failure: Failure | null;
      /** The background job it started. */
      readonly jobId: string | null;
    }
  | {
      /** Before a part of a step is begun, and after it has ended. */
      readonly type: 'item';
      readonly stepId: string;
      readonly item: Omit<StepItem, 'live'>;
      /** The server process that was told to act. */
      readonly backend: BackendIdentity | null;
    }
  | { readonly type: 'report'; readonly report: RebalanceReport }
  /** A person chose this plan for what was left. Since version 2. */
  | { readonly type: 'replanned'; readonly plan: Plan }
  | { readonly type: 'state'; readonly state: OperationState; readonly attention: string | null }
  /** The line before this one was cut short by a crash; it was never acted upon. */
  | { readonly type: 'torn-line' };

export type JournalRecord = JournalEvent & {
  readonly version: number;
  /** ISO 8601. */
  readonly at: string;
};

export type JournalFile =
  | { readonly outcome: 'read'; readonly operationId: string; readonly records: readonly JournalRecord[] }
  /** Renamed, not removed. */
  | { readonly outcome: 'kept-aside'; readonly path: string; readonly reason: string };

export interface Journal {
  /** Resolves when the record is on the disk. */
  append(operationId: string, record: JournalRecord): Promise<void>;
  readAll(): Promise<readonly JournalFile[]>;
}

export function createJournal(folder: string): Journal {
  const pathOf = (operationId: string): string => join(folder, `${operationId}.jsonl`);
  /** Files whose end is known to be a whole line, because this process wrote it. */
  const whole = new Set<string>();

  const append = async (operationId: string, record: JournalRecord): Promise<void> => {
    const path = pathOf(operationId);
    const isNew = record.type === 'created';
    const line = `${JSON.stringify(record)}\n`;
    if (isNew) await mkdir(folder, { recursive: true });
    const before = isNew || whole.has(path) ? '' : await repairPrefix(path, record.at);
    whole.delete(path);
    const file = await open(path, isNew ? 'ax' : 'a', 0o600);
    try {
      await file.appendFile(before + line);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (isNew) await syncFolder(folder);
    whole.add(path);
  };

  return {
    append,
    async readAll() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      const files: JournalFile[] = [];
      for (const name of names.filter((one) => one.endsWith('.jsonl')).sort()) {
        files.push(await readOne(join(folder, name), name.slice(0, -'.jsonl'.length)));
      }
      return files;
    },
  };
}

/** What has to stand before the next record, so that it begins on a line of its own and a cut one is marked as such. */
async function repairPrefix(path: string, at: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  if (text === '' || text.endsWith('\n')) return '';
  const last = text.slice(text.lastIndexOf('\n') + 1);
  if (parseRecord(last) !== null) return '\n';
  const mark: JournalRecord = { version: journalVersion, at, type: 'torn-line' };
  return `\n${JSON.stringify(mark)}\n`;
}

async function readOne(path: string, operationId: string): Promise<JournalFile> {
  const keepAside = async (reason: string): Promise<JournalFile> => {
    const aside = `${path}.unreadable`;
    await rename(path, aside);
    return { outcome: 'kept-aside', path: aside, reason };
  };
  const parsed = parseJournal(await readFile(path, 'utf8'));
  if (parsed.outcome === 'unreadable') return keepAside(parsed.reason);
  const first = parsed.records[0];
  // A crash while the very first line was written: nothing had been done yet.
  if (!first) return keepAside('it ends before its first line does, so nothing had been started');
  if (first.type !== 'created') return keepAside('its first line does not describe an operation');
  if (first.operationId !== operationId) return keepAside('it belongs to another operation');
  return { outcome: 'read', operationId, records: parsed.records };
}

export type ParsedJournal =
  | { readonly outcome: 'records'; readonly records: readonly JournalRecord[] }
  | { readonly outcome: 'unreadable'; readonly reason: string };

/** Lines that cannot be read are accepted only where a crash leaves them: at the end, or before a mark that says so. */
export function parseJournal(text: string): ParsedJournal {
  const records: JournalRecord[] = [];
  let unreadable: number | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const record = parseRecord(line);
    if (record === null) {
      unreadable ??= index + 1;
      continue;
    }
    if (record.version > journalVersion) {
      return { outcome: 'unreadable', reason: `line ${index + 1} was written by a newer version of the app` };
    }
    if (unreadable !== null && record.type !== 'torn-line') {
      return { outcome: 'unreadable', reason: `line ${unreadable} cannot be read` };
    }
    unreadable = null;
    if (record.type !== 'torn-line') records.push(record);
  }
  return { outcome: 'records', records };
}

const eventTypes: readonly string[] = [
  'created',
  'step-starting',
  'step-ended',
  'item',
  'report',
  'replanned',
  'state',
  'torn-line',
];

function parseRecord(line: string): JournalRecord | null {
  try {
    const value = JSON.parse(line) as Partial<JournalRecord> | null;
    if (value === null || typeof value !== 'object' || typeof value.version !== 'number') return null;
    if (value.version <= journalVersion && !eventTypes.includes(value.type ?? '')) return null;
    return value as JournalRecord;
  } catch {
    return null;
  }
}

/** Without this a new file's name may be missing after a power cut. Windows cannot open folders and does not need it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
