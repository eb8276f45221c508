/** Starts an Electron app as a person would, without a driver that slows the start, and reads its own clock. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { processTree } from './processes';
import { waitFor } from './wait';

export const repository = resolve(import.meta.dirname, '../..');

export function testRuntime(): string {
  const path = process.env['SHARDBOARD_TEST_RUNTIME'];
  if (!path)
    throw new Error('SHARDBOARD_TEST_RUNTIME is not set: run this through npm test or npm run bench');
  return path;
}

export interface BareApp {
  readonly pid: number;
  readonly dataFolder: string;
  /** Milliseconds from starting the process to the page's mark "shardboard:interactive". */
  interactiveAfterMs(): Promise<number>;
  close(): Promise<void>;
}

export function rootArguments(): readonly string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

export function startBare(appFolder: string, extra: readonly string[] = []): BareApp {
  const profile = mkdtempSync(join(tmpdir(), 'shardboard-start-'));
  // PostgreSQL runs as another user when this runs as root, and has to reach its folder below.
  chmodSync(profile, 0o755);
  const witness = join(profile, 'interactive-at');
  const spawnedAt = Date.now();
  const child = spawn(
    testRuntime(),
    [
      '-r',
      join(import.meta.dirname, 'start-witness.cjs'),
      ...rootArguments(),
      `--user-data-dir=${profile}`,
      appFolder,
      ...extra,
    ],
    { stdio: 'ignore', env: { ...process.env, SHARDBOARD_START_WITNESS: witness } },
  );
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    dataFolder: profile,
    interactiveAfterMs: () =>
      waitFor(
        'the page to be interactive',
        () => {
          if (hasEnded()) throw new Error(`the app ended with ${child.exitCode ?? child.signalCode}`);
          return existsSync(witness) ? Number(readFileSync(witness, 'utf8')) - spawnedAt : null;
        },
        60_000,
      ),
    async close() {
      const pids = child.pid ? processTree(child.pid) : [];
      child.kill('SIGTERM');
      await waitFor('the app to end', hasEnded, 30_000).catch(() => {
        for (const pid of pids) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // Already gone.
          }
        }
      });
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** An app that opens one empty window: what the runtime itself costs. */
export function emptyWindowApp(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'shardboard-empty-'));
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","version":"1.0.0","main":"main.cjs"}');
  writeFileSync(
    join(folder, 'main.cjs'),
    `const { app, BrowserWindow } = require('electron');
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1440, height: 900, show: false, useContentSize: true,
    webPreferences: { sandbox: true, contextIsolation: true } });
  window.once('ready-to-show', () => window.show());
  window.loadFile(require('node:path').join(__dirname, 'index.html'));
});
app.on('window-all-closed', () => app.quit());
`,
  );
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>empty</title><p>empty</p><script src="mark.js"></script>',
  );
  writeFileSync(
    join(folder, 'mark.js'),
    "requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('shardboard:interactive')));",
  );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
