import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

let clone: string;
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'shardboard-clone-'));
  for (const part of ['package.json', 'package-lock.json', 'resources/launch']) {
    cpSync(join(root, part), join(clone, part), { recursive: true });
  }
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** Runs a start-up script as on a fresh clone: nothing is installed, nothing is built. */
function launch(
  script: string,
  env: Readonly<Record<string, string | undefined>>,
  nodeArguments: readonly string[] = [],
): Promise<{ readonly code: number | null; readonly out: string; readonly problem: string }> {
  return new Promise((end, reject) => {
    const child = spawn(process.execPath, [...nodeArguments, join(clone, 'resources/launch', script)], {
      cwd: clone,
      env: { ...process.env, npm_execpath: undefined, DISPLAY: ':0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let problem = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (problem += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => end({ code, out, problem }));
  });
}

const oldNode = `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"18.20.4"}})`;

describe('npm start says in one line', () => {
  it.runIf(process.platform === 'linux')('that there is no display', async () => {
    const { code, out, problem } = await launch('start.mjs', {
      DISPLAY: undefined,
      WAYLAND_DISPLAY: undefined,
    });
    expect(problem).toMatch(/^shardboard: no display: .*npm run tour.*\n$/);
    expect([code, out]).toEqual([1, '']);
  });

  it('that Node is too old, before anything is installed', async () => {
    const { code, out, problem } = await launch('start.mjs', {}, ['--import', oldNode]);
    expect(problem).toMatch(/^shardboard: Node 20\.19 or newer is needed, this is 18\.20\.4\..*\n$/);
    expect([code, out, existsSync(join(clone, 'node_modules'))]).toEqual([1, '', false]);
  });

  it('that the npm registry cannot be reached', async () => {
    const { code, out, problem } = await launch('start.mjs', {
      // The discard port, on which nothing listens.
      npm_config_registry: 'http://127.0.0.1:9',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(clone, 'cache'),
    });
    expect(problem).toMatch(/^shardboard: the npm registry cannot be reached \(ECONNREFUSED, .*\)\. .*\n$/);
    expect(out).toMatch(/^shardboard: installing packages .*\n$/);
    expect(code).toBe(1);
  });
});

describe('a failure of npm', () => {
  it.each([
    [
      'npm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error network request to https://registry.example/x failed, reason: getaddrinfo\n',
      'the npm registry cannot be reached (ENOTFOUND, https://registry.example/x). Check network and proxy, or name a mirror: npm config set registry <address>',
    ],
    [
      'npm error code EUSAGE\nnpm error\nnpm error The lock file is not in sync.\nnpm error more\n',
      'npm ci failed: EUSAGE, The lock file is not in sync.',
    ],
    [
      'npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! Your cache is not yours\n',
      'npm ci failed: EACCES, Your cache is not yours',
    ],
    ['something else\nlast words\n', 'npm ci failed: last words'],
  ])('%j is told in one line', async (output, line) => {
    const { npmProblem } = (await import(join(root, 'resources/launch/console.mjs'))) as {
      npmProblem: (verb: string, output: string) => string;
    };
    expect(npmProblem('ci', output)).toBe(line);
  });
});
