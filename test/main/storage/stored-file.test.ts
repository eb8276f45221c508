import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FailureError } from '../../../src-main/contract/failure';
import { createStoredFile } from '../../../src-main/storage/stored-file';
import type { StoredFile, StoredFileOptions } from '../../../src-main/storage/stored-file';

interface Note {
  readonly text: string;
}

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shardboard-stored-'));
  path = join(folder, 'note.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function noteFile(overrides: Partial<StoredFileOptions<Note>> = {}): StoredFile<Note> {
  return createStoredFile<Note>({
    path,
    subject: 'The note',
    version: 2,
    schema: z.object({ text: z.string() }),
    empty: () => ({ text: '' }),
    migrate: (data) => ({ text: `from 1: ${String((data as { words: unknown }).words)}` }),
    now: () => new Date('2026-05-06T07:08:09Z'),
    ...overrides,
  });
}

describe('a stored file', () => {
  it('is empty where there is none, and holds what was written', async () => {
    expect(await noteFile().read()).toEqual({ value: { text: '' }, problem: null });
    await noteFile({ path: join(folder, 'new', 'deep', 'note.json') }).write({ text: 'x' });
    await noteFile().write({ text: 'größer "x"\n' });
    expect(await noteFile().read()).toEqual({ value: { text: 'größer "x"\n' }, problem: null });
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).sort()).toEqual(['new', 'note.json']);
  });

  it('is brought from an older form', async () => {
    writeFileSync(path, JSON.stringify({ version: 1, data: { words: 'w' } }));
    expect((await noteFile().read()).value).toEqual({ text: 'from 1: w' });
  });

  it('writes in the order of asking', async () => {
    const file = noteFile();
    await Promise.all(Array.from({ length: 30 }, (_, number) => file.write({ text: String(number) })));
    expect((await file.read()).value.text).toBe('29');
  });

  it.each([
    ['nothing', '', 'it is empty'],
    ['half of it', '{"version":2,"data":{"te', 'it is no complete JSON'],
    ['a list', '[]', 'it has another form'],
    ['null', 'null', 'it has another form'],
    ['no version', '{"version":"x","data":{}}', 'it names no version'],
    ['a newer form', '{"version":3,"data":{"text":"x"}}', 'a newer version of the app wrote it (form 3)'],
    ['other data', '{"version":2,"data":{"text":7}}', 'what it holds is not as expected at text'],
    ['bytes', '\u0000\u0001', 'it is no complete JSON'],
  ])('with %s is kept aside and told of', async (_case, content, reason) => {
    writeFileSync(path, content);
    const file = noteFile();
    const { value, problem } = await file.read();
    expect(value).toEqual({ text: '' });
    expect(problem).toContain(`The note could not be read: ${reason}. The file is kept as `);
    const aside = join(folder, 'note.json.unreadable-2026-05-06T07-08-09.000Z');
    expect(problem).toContain(aside);
    expect(readFileSync(aside, 'utf8')).toBe(content);
    await file.write({ text: 'new' });
    expect((await file.read()).value.text).toBe('new');
    expect(readFileSync(aside, 'utf8')).toBe(content);
  });

  it('that cannot be migrated is kept aside', async () => {
    writeFileSync(path, JSON.stringify({ version: 1, data: null }));
    expect((await noteFile().read()).problem).toContain('could not be brought from form 1 to 2');
  });

  it('is never overwritten when it can neither be read nor put aside', async () => {
    // A folder of that name: it cannot be read as a file.
    mkdirSync(path);
    const file = noteFile();
    expect((await file.read()).problem).toContain('Nothing is stored over');
    await expect(file.write({ text: 'x' })).rejects.toThrow(FailureError);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('in a folder that cannot be written to says so and keeps the old', async () => {
    await noteFile().write({ text: 'old' });
    // Root may write everywhere, but nobody below a file.
    const below = noteFile({ path: join(path, 'note.json') });
    await expect(below.write({ text: 'x' })).rejects.toMatchObject({
      failure: { kind: 'storage', message: 'The note was not stored.' },
    });
    expect((await noteFile().read()).value.text).toBe('old');
    if (process.getuid?.() !== 0 && process.platform !== 'win32') {
      chmodSync(folder, 0o500);
      await expect(noteFile().write({ text: 'x' })).rejects.toThrow(FailureError);
      chmodSync(folder, 0o700);
      expect((await noteFile().read()).value.text).toBe('old');
    }
  });

  it('cut anywhere is either whole or kept aside, never half read', async () => {
    await noteFile().write({ text: 'what was written' });
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        writeFileSync(path, whole.subarray(0, length));
        const { value, problem } = await noteFile().read();
        const isWhole = length === whole.length - 1;
        expect(value.text).toBe(isWhole ? 'what was written' : '');
        expect(problem === null).toBe(isWhole);
      }),
      { numRuns: 60 },
    );
  });
});
