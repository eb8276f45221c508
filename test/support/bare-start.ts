/** Starts an Electron app as a person would, without a driver that slows the start, and reads its own clock. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
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
  readonly page: Page;
  readonly dataFolder: string;
  /** Epoch milliseconds at which the process was started. */
  readonly spawnedAt: number;
  close(): Promise<void>;
}

export function rootArguments(): readonly string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

export async function startBare(appFolder: string, extra: readonly string[] = []): Promise<BareApp> {
  const profile = mkdtempSync(join(tmpdir(), 'shardboard-start-'));
  // PostgreSQL runs as another user when this runs as root, and has to reach its folder below.
  chmodSync(profile, 0o755);
  const spawnedAt = Date.now();
  const child: ChildProcess = spawn(
    testRuntime(),
    [...rootArguments(), `--user-data-dir=${profile}`, '--remote-debugging-port=0', appFolder, ...extra],
    { stdio: 'ignore' },
  );
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close().catch(() => undefined);
    const pids = child.pid ? processTree(child.pid) : [];
    child.kill('SIGTERM');
    await waitFor('the app to end', () => child.exitCode !== null || child.signalCode !== null, 15_000).catch(
      () => {
        for (const pid of pids) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // Already gone.
          }
        }
      },
    );
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const port = await waitFor(
      'the debugging port',
      () => {
        if (child.exitCode !== null) throw new Error(`the app ended with ${child.exitCode}`);
        return Number(readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
      },
      30_000,
    );
    browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const connected = browser;
    const page = await waitFor('the first page', () => connected.contexts()[0]?.pages()[0], 30_000);
    return { pid: child.pid ?? 0, page, dataFolder: profile, spawnedAt, close };
  } catch (error) {
    await close();
    throw error;
  }
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

/** Milliseconds from starting the process to the page's mark "shardboard:interactive". */
export async function interactiveAfterMs(app: BareApp): Promise<number> {
  const at = await waitFor('the mark shardboard:interactive', () =>
    app.page.evaluate(() => {
      const mark = performance.getEntriesByName('shardboard:interactive')[0];
      return mark ? performance.timeOrigin + mark.startTime : null;
    }),
  );
  return at - app.spawnedAt;
}
