/**
 * Lines of one file that are appended, of which the last may be written over, and all replaced at once. What the lines mean is not
 * known here. Calls must not overlap.
 */
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

export interface HistoryFile {
  /** Every line; a last one that was cut short is among them. */
  lines(): Promise<readonly string[]>;
  sizeBytes(): number;
  append(lines: readonly string[]): Promise<void>;
  /** Writes over the last line; both must have the same length in bytes. */
  replaceLast(line: string): Promise<void>;
  /** All lines at once: either the old or the new are found afterwards. */
  rewrite(lines: readonly string[]): Promise<void>;
  /** Writes lines that cannot be read into a file of their own beside this one, and answers its path. */
  keepAside(lines: readonly string[], at: Date): Promise<string>;
  close(): Promise<void>;
}

/** Creates the file where there is none. */
export async function openHistoryFile(path: string): Promise<HistoryFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, 'a', 0o600)).close();
  let handle: FileHandle = await open(path, 'r+');
  let size = (await handle.stat()).size;

  const toBytes = (lines: readonly string[]): Buffer =>
    Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');

  return {
    async lines() {
      const text = await readFile(path, 'utf8');
      const all = text.split('\n');
      if (all.at(-1) === '') all.pop();
      return all;
    },
    sizeBytes: () => size,
    async append(lines) {
      const bytes = toBytes(lines);
      try {
        await handle.write(bytes, 0, bytes.length, size);
      } catch (error) {
        // Half a line must not stay in front of the next one.
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
      size += bytes.length;
    },
    async replaceLast(line) {
      const bytes = toBytes([line]);
      await handle.write(bytes, 0, bytes.length, size - bytes.length);
    },
    async rewrite(lines) {
      const bytes = toBytes(lines);
      await writeFileAtomic(path, bytes, { mode: 0o600 });
      await handle.close();
      handle = await open(path, 'r+');
      size = bytes.length;
    },
    async keepAside(lines, at) {
      const aside = `${path}.unreadable-${at.toISOString().replaceAll(':', '-')}`;
      await writeFile(aside, toBytes(lines), { mode: 0o600 });
      return aside;
    },
    close: () => handle.close(),
  };
}

export async function removeHistoryFile(path: string): Promise<void> {
  await rm(path, { force: true });
}
