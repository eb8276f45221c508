import { resolve } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let eslint: ESLint;

beforeAll(() => {
  eslint = new ESLint({ cwd: root });
});

async function messagesOf(file: string, text: string): Promise<readonly string[]> {
  const [result] = await eslint.lintText(text, { filePath: resolve(root, file) });
  return (result?.messages ?? [])
    .filter(({ ruleId }) => ruleId === 'house/walls')
    .map(({ message }) => message);
}

describe('the walls of the house', () => {
  it.each([
    [
      'src-main/plans/x.ts',
      "import { y } from '../citus/y';\ny();",
      'src-main/plans may import src-main/contract',
    ],
    [
      'src-main/contract/x.ts',
      "import { y } from '../log/log';\ny();",
      'src-main/contract may import nothing of ours',
    ],
    ['src-main/connections/x.ts', "export { y } from '../citus/y';", 'src-main/connections may import'],
    [
      'src-main/citus/x.ts',
      "import pg from 'pg';\npg;",
      '"pg" is imported by src-main/connections/database.ts alone',
    ],
    [
      'src-main/storage/x.ts',
      "import { spawn } from 'node:child_process';\nspawn;",
      'src-main/practice/processes.ts alone',
    ],
    [
      'src-main/monitor/x.ts',
      "import { app } from 'electron';\napp;",
      'electron is imported by the composition root',
    ],
    [
      'src-main/window.ts',
      "import { ipcMain } from 'electron';\nipcMain;",
      "electron's ipcMain is imported by",
    ],
    [
      'src-renderer/tables/x.ts',
      "import { y } from '../../src-main/citus/y';\ny();",
      'src-renderer may import src-main/contract',
    ],
    [
      'src-renderer/tables/x.ts',
      "import { z } from '../../src-main/contract/profiles';\nz;",
      'takes types only',
    ],
    ['src-main/plans/x.ts', "export const y = import('../storage/y');", 'src-main/plans may import'],
  ])('%s refuses %j', async (file, text, message) => {
    expect((await messagesOf(file, text)).join('\n')).toContain(message);
  });

  it.each([
    [
      'src-main/citus/x.ts',
      "import type { Reader } from '../connections/database';\nexport type X = Reader;",
    ],
    ['src-main/operations/x.ts', "import { planX } from '../plans/x';\nplanX();"],
    [
      'src-renderer/tables/x.ts',
      "import type { Plan } from '../../src-main/contract/operations';\nexport type X = Plan;",
    ],
    ['src-main/connections/database.ts', "import pg from 'pg';\nexport default pg;"],
  ])('%s may %j', async (file, text) => {
    expect(await messagesOf(file, text)).toEqual([]);
  });
});
