/** One JSON record in one file: versioned, checked when read, replaced as a whole when written, never lost. */
import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { z } from 'zod';
import { FailureError } from '../contract/failure';
import { log } from '../log/log';

export interface StoredFileOptions<T> {
  readonly path: string;
  /** As in "the list of clusters"; begins the sentences about it. */
  readonly subject: string;
  /** Version of what is written now, from 1. */
  readonly version: number;
  readonly schema: z.ZodType<T>;
  readonly empty: () => T;
  /** Data of an older version as data of this one; what it returns is checked by the schema. */
  readonly migrate?: (data: unknown, fromVersion: number) => unknown;
  readonly now?: () => Date;
}

export interface StoredFile<T> {
  /**
   * The stored value; `empty` where there is no file, or only one that cannot be read: that one is renamed to
   * `NAME.unreadable-TIME` and told of in `problem`.
   */
  read(): Promise<{ readonly value: T; readonly problem: string | null }>;
  /** Replaces the file as a whole, in order of calling. Throws a `storage` failure and leaves the old file. */
  write(value: T): Promise<void>;
}

type Parsed<T> = { readonly value: T } | { readonly reason: string };

export function createStoredFile<T>(options: StoredFileOptions<T>): StoredFile<T> {
  const { path, subject } = options;
  const now = options.now ?? (() => new Date());
  /** Set when a file stands there that could neither be read nor put aside: it must not be written over. */
  let blocked: string | null = null;
  let queue: Promise<unknown> = Promise.resolve();

  const parse = (text: string): Parsed<T> => {
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch {
      return { reason: text.trim() === '' ? 'it is empty' : 'it is no complete JSON' };
    }
    if (typeof record !== 'object' || record === null || !('version' in record) || !('data' in record)) {
      return { reason: 'it has another form' };
    }
    const { version, data } = record;
    if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
      return { reason: 'it names no version' };
    }
    if (version > options.version) return { reason: `a newer version of the app wrote it (form ${version})` };
    let migrated = data;
    try {
      if (version < options.version) migrated = options.migrate?.(data, version) ?? data;
    } catch (error) {
      log.warn(`${path} could not be brought from form ${version} to ${options.version}`, error);
      return { reason: `it could not be brought from form ${version} to ${options.version}` };
    }
    const checked = options.schema.safeParse(migrated);
    if (checked.success) return { value: checked.data };
    const where = checked.error.issues[0]?.path.join('.') ?? '';
    return { reason: `what it holds is not as expected${where ? ` at ${where}` : ''}` };
  };

  const putAside = async (reason: string): Promise<string> => {
    const time = now().toISOString().replaceAll(':', '-');
    const aside = join(dirname(path), `${basename(path)}.unreadable-${time}`);
    try {
      await rename(path, aside);
      log.warn(`${path}: ${reason}; kept as ${aside}`);
      return `${subject} could not be read: ${reason}. The file is kept as ${aside}; the app went on without it.`;
    } catch (error) {
      blocked = reason;
      log.error(`${path}: ${reason}, and it could not be put aside`, error);
      return `${subject} could not be read: ${reason}. The file ${path} could not be put aside either, so nothing is stored over it.`;
    }
  };

  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
        if (code === 'ENOENT') return { value: options.empty(), problem: null };
        blocked = `the system refuses to read it (${code})`;
        log.error(`${path} cannot be read`, error);
        return {
          value: options.empty(),
          problem: `${subject} could not be read: ${blocked}. Nothing is stored over ${path}; give the app the right to read and write it, then start it again.`,
        };
      }
      const parsed = parse(text);
      if ('value' in parsed) return { value: parsed.value, problem: null };
      return { value: options.empty(), problem: await putAside(parsed.reason) };
    },
    write(value) {
      const turn = queue.then(() => writeNow(value));
      queue = turn.catch(() => undefined);
      return turn;
    },
  };

  async function writeNow(value: T): Promise<void> {
    if (blocked) {
      throw new FailureError({
        kind: 'storage',
        message: `${subject} was not stored.`,
        meaning: `The file ${path} could not be read (${blocked}) and is not written over.`,
        remedy: 'Move the file away or correct its rights, then start the app again.',
      });
    }
    const text = `${JSON.stringify({ version: options.version, data: value }, null, 2)}\n`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, text, { encoding: 'utf8', mode: 0o600 });
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
      log.error(`${path} cannot be written`, error);
      throw new FailureError(
        {
          kind: 'storage',
          message: `${subject} was not stored.`,
          meaning: `The system refuses to write ${path} (${storageProblems[code] ?? code}). What was stored before is unchanged.`,
          remedy: 'Free space on the disk or correct the rights of the folder, then do it again.',
        },
        { cause: error },
      );
    }
  }
}

const storageProblems: Readonly<Record<string, string>> = {
  EACCES: 'no right to write there',
  EPERM: 'no right to write there',
  EROFS: 'the disk can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the share of the disk is used up',
  ENOTDIR: 'a file stands where its folder should be',
  EEXIST: 'a file stands where its folder should be',
};
