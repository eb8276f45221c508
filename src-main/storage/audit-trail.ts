/**
 * What was sent to a cluster to change it, provable later: JSON lines that are only ever appended, each with the SHA-256
 * of its own fields and of the hash of the line before. Removing, changing or inserting a line breaks every hash after it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, stat, truncate, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError } from '../contract/failure';
import type { AuditEntry, AuditPage, AuditVerification } from '../contract/audit';
import { log } from '../log/log';
import { redact } from '../log/redact';

/** An entry before it is numbered, dated and chained. */
export type AuditLine = Omit<AuditEntry, 'sequence' | 'at' | 'person' | 'previousHash' | 'hash'>;

export interface AuditTrail {
  /** Resolves when the line is on the disk; lines are written in order of asking. */
  append(line: AuditLine): Promise<AuditEntry>;
  /** Newest first. */
  list(choice: {
    readonly clusterId: string | null;
    readonly offset: number;
    readonly limit: number;
  }): Promise<AuditPage>;
  /** Reads every line. */
  verify(): Promise<AuditVerification>;
  /** Copies the trail to `path`, and beside it, as `path`.verification.json, what verifying the copy found. */
  export(path: string): Promise<AuditVerification>;
  close(): Promise<void>;
}

export interface AuditTrailOptions {
  /** The trail is `audit.jsonl` in it. */
  readonly folder: string;
  /** Operating system user. */
  readonly person: string;
  readonly now?: () => Date;
}

/** Hash before the first line. */
export const firstHash = '0'.repeat(64);

/** Fields in the order in which they are hashed and written. */
const fields = [
  'sequence',
  'at',
  'person',
  'clusterId',
  'clusterName',
  'node',
  'statement',
  'outcome',
  'result',
  'operationId',
  'previousHash',
] as const satisfies readonly (keyof AuditEntry)[];

/** SHA-256 over the fields as JSON, in a fixed order, so that neither order nor spacing of a line matters. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify(fields.map((field) => entry[field])), 'utf8')
    .digest('hex');
}

/** Where a line lies and whose it is: all that is kept in memory of it. */
interface Position {
  readonly offset: number;
  readonly length: number;
  readonly clusterId: string;
}

/**
 * Opens or creates the trail. A last line that a crash cut short is moved to a file of its own beside the trail; a line
 * that does not follow from the one before is reported by `verify` and does not keep the app from writing on.
 */
export async function createAuditTrail(options: AuditTrailOptions): Promise<AuditTrail> {
  const path = join(options.folder, 'audit.jsonl');
  const now = options.now ?? ((): Date => new Date());
  await mkdir(options.folder, { recursive: true });
  const positions: Position[] = [];
  let size = 0;
  let last: { readonly sequence: number; readonly hash: string } = { sequence: 0, hash: firstHash };

  const index = (line: string, offset: number): void => {
    const entry = parseEntry(line);
    positions.push({ offset, length: Buffer.byteLength(line), clusterId: entry?.clusterId ?? '' });
    // After a line that cannot be read the chain goes on from the last one that could.
    if (entry) last = { sequence: entry.sequence, hash: entry.hash };
  };

  const file = await openForAppending(path);
  size = await setTornLineAside(path, now());
  for await (const { line, offset } of linesOf(path)) index(line, offset);

  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const appendNow = async (line: AuditLine): Promise<AuditEntry> => {
    if (closed) throw storageFailure('The audit trail is closed.', path);
    const body = {
      sequence: last.sequence + 1,
      at: now().toISOString(),
      person: options.person,
      clusterId: line.clusterId,
      clusterName: line.clusterName,
      node: line.node,
      statement: redact(line.statement),
      outcome: line.outcome,
      result: redact(line.result),
      operationId: line.operationId,
      previousHash: last.hash,
    };
    const entry: AuditEntry = { ...body, hash: auditHash(body) };
    const text = JSON.stringify(entry);
    try {
      await file.appendFile(`${text}\n`);
      await file.datasync();
    } catch (error) {
      // Half a line must not stay in front of the next one.
      await file.truncate(size).catch(() => undefined);
      throw storageFailure('The audit trail could not be written.', path, error);
    }
    positions.push({ offset: size, length: Buffer.byteLength(text), clusterId: entry.clusterId });
    size += Buffer.byteLength(text) + 1;
    last = { sequence: entry.sequence, hash: entry.hash };
    return entry;
  };

  return {
    append: (line) => inTurn(() => appendNow(line)),
    async list({ clusterId, offset, limit }) {
      const own = clusterId === null ? positions : positions.filter((one) => one.clusterId === clusterId);
      const from = Math.max(0, own.length - offset - limit);
      const wanted = own.slice(from, Math.max(0, own.length - offset));
      const entries = await readEntries(path, wanted);
      return { total: own.length, entries: entries.reverse() };
    },
    verify: () => inTurn(() => verifyFile(path)),
    export: (target) =>
      inTurn(async () => {
        await copyFile(path, target);
        const verification = await verifyFile(target);
        await writeFile(`${target}.verification.json`, `${JSON.stringify(verification, null, 2)}\n`, 'utf8');
        return verification;
      }),
    async close() {
      closed = true;
      await queue;
      await file.close();
    },
  };
}

async function openForAppending(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a', 0o600);
  } catch (error) {
    throw storageFailure('The audit trail could not be opened.', path, error);
  }
}

/** Answers the size of the trail without it. */
async function setTornLineAside(path: string, at: Date): Promise<number> {
  const { size } = await stat(path);
  if (size === 0) return 0;
  const tail = await readTail(path, size);
  if (tail.endsWith('\n')) return size;
  const torn = tail.slice(tail.lastIndexOf('\n') + 1);
  if (parseEntry(torn)) {
    // Only the line's end is missing: it was written as a whole.
    const file = await open(path, 'a');
    await file.appendFile('\n').finally(() => file.close());
    return size + 1;
  }
  const aside = `${path}.torn-${at.toISOString().replace(/[:.]/g, '-')}`;
  await writeFile(aside, torn, { encoding: 'utf8', mode: 0o600 });
  log.warn('audit trail: a line cut short by a crash was set aside', { aside });
  const kept = size - Buffer.byteLength(torn);
  await truncate(path, kept);
  return kept;
}

/** The file's end, from the last line's beginning or before. */
async function readTail(path: string, size: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    for (let length = 64 * 1024; ; length *= 8) {
      const from = Math.max(0, size - length);
      const buffer = Buffer.alloc(size - from);
      await file.read(buffer, 0, buffer.length, from);
      const end = buffer.lastIndexOf(0x0a, buffer.length - 2);
      if (end >= 0 || from === 0) return buffer.subarray(end + 1).toString('utf8');
    }
  } finally {
    await file.close();
  }
}

/** Split at line feeds alone: other separators of Unicode may stand inside a statement. */
async function* linesOf(path: string): AsyncGenerator<{ readonly line: string; readonly offset: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a, from)) {
      yield { line: rest.toString('utf8', from, end), offset };
      offset += end - from + 1;
      from = end + 1;
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) yield { line: rest.toString('utf8'), offset };
}

async function readEntries(path: string, wanted: readonly Position[]): Promise<AuditEntry[]> {
  if (wanted.length === 0) return [];
  const file = await open(path, 'r');
  try {
    const entries: AuditEntry[] = [];
    for (const { offset, length } of wanted) {
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, offset);
      entries.push(parseEntry(buffer.toString('utf8')) ?? unreadableEntry);
    }
    return entries;
  } finally {
    await file.close();
  }
}

/** Stands in the list where a line cannot be read, so that it is seen and not passed over. */
const unreadableEntry: AuditEntry = {
  sequence: 0,
  at: '',
  person: '',
  clusterId: '',
  clusterName: '',
  node: '',
  statement: '(this line of the trail cannot be read)',
  outcome: 'failed',
  result: '',
  operationId: null,
  previousHash: '',
  hash: '',
};

function parseEntry(line: string): AuditEntry | null {
  try {
    const value = JSON.parse(line) as Partial<AuditEntry> | null;
    if (value === null || typeof value !== 'object') return null;
    if (typeof value.sequence !== 'number' || typeof value.hash !== 'string') return null;
    return value as AuditEntry;
  } catch {
    return null;
  }
}

/** Every line is read; the first one that does not follow from those before it is named. */
export async function verifyFile(path: string): Promise<AuditVerification> {
  let line = 0;
  let previous = firstHash;
  let broken: { readonly line: number; readonly reason: string } | null = null;
  for await (const { line: text } of linesOf(path)) {
    line += 1;
    if (broken) continue;
    const reason = whyBroken(text, line, previous);
    if (reason !== null) broken = { line, reason };
    else previous = parseEntry(text)?.hash ?? previous;
  }
  return broken
    ? { outcome: 'broken', entries: line, ...broken }
    : { outcome: 'intact', entries: line, lastHash: previous };
}

function whyBroken(text: string, line: number, previous: string): string | null {
  const entry = parseEntry(text);
  if (!entry) return 'It cannot be read.';
  if (Object.keys(entry).length !== fields.length + 1) return 'It has other fields than it was written with.';
  if (entry.sequence !== line)
    return `It has number ${entry.sequence} where ${line} is expected: lines are missing, or were added.`;
  if (entry.previousHash !== previous) return 'It does not follow from the line before.';
  if (auditHash(entry) !== entry.hash) return 'Its content is not what its hash was made of.';
  return null;
}

function storageFailure(message: string, path: string, cause?: unknown): FailureError {
  return new FailureError(
    {
      kind: 'storage',
      message,
      meaning: 'Changes of clusters are held back, because they could not be proved later.',
      remedy: `Check free space and rights of ${path}.`,
      serverMessage: cause instanceof Error ? cause.message : undefined,
    },
    { cause },
  );
}
