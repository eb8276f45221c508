/** Starts the real app under a driver, with a data folder of its own, and ends it with everything it started. */
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron } from 'playwright-core';
import type { ElectronApplication, Page } from 'playwright-core';
import { repository, rootArguments, testRuntime } from './bare-start';
import { isAlive, processTree } from './processes';
import { waitFor } from './wait';

/** Where the network witness of every app of a test run writes. */
export const networkWitnessFile = join(repository, 'out', 'test', 'network.log');

export interface DrivenApp {
  readonly electron: ElectronApplication;
  readonly page: Page;
  readonly dataFolder: string;
  readonly pid: number;
  /** Messages of the page's console at level error, and uncaught errors. */
  readonly pageErrors: readonly string[];
  /** Quits as a person would, and waits until the process has ended. */
  quit(): Promise<void>;
  /** The app dies without a chance to tidy up. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Kept between starts when given; else a new one that `quit` leaves and `removeDataFolder` removes. */
  readonly dataFolder?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function newDataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shardboard-app-'));
  // PostgreSQL runs as another user when the tests run as root, and has to reach its folder below.
  chmodSync(folder, 0o755);
  return folder;
}

export function removeDataFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

export async function startApp(options: StartOptions = {}): Promise<DrivenApp> {
  const dataFolder = options.dataFolder ?? newDataFolder();
  mkdirSync(join(repository, 'out', 'test'), { recursive: true });
  const electron = await _electron.launch({
    executablePath: testRuntime(),
    args: [
      '-r',
      join(import.meta.dirname, 'network-witness.cjs'),
      ...rootArguments(),
      `--user-data-dir=${dataFolder}`,
      '--force-device-scale-factor=1',
      repository,
      ...(options.args ?? []),
    ],
    env: {
      ...(process.env as Record<string, string>),
      SHARDBOARD_NETWORK_WITNESS: networkWitnessFile,
      ...options.env,
    },
    timeout: 60_000,
  });
  const pageErrors: string[] = [];
  const process_ = electron.process();
  const pid = process_.pid ?? 0;
  try {
    const page = await electron.firstWindow({ timeout: 60_000 });
    page.on('console', (message) => {
      if (message.type() === 'error') pageErrors.push(message.text());
    });
    page.on('pageerror', (error) => pageErrors.push(String(error)));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['shardboard:', 'data:', 'blob:'].includes(url.protocol)) {
        appendFileSync(networkWitnessFile, `page ${url.host}\n`);
      }
    });
    await page.waitForLoadState('domcontentloaded', { timeout: 30_000 });
    page.setDefaultTimeout(20_000);
    const ended = (): boolean => process_.exitCode !== null || process_.signalCode !== null || !isAlive(pid);
    return {
      electron,
      page,
      dataFolder,
      pid,
      pageErrors,
      async quit() {
        await electron.evaluate(({ app }) => app.quit()).catch(() => undefined);
        await waitFor('the app to quit', ended, 40_000).catch((error: unknown) => {
          for (const child of processTree(pid)) process.kill(child, 'SIGKILL');
          throw error;
        });
      },
      async kill() {
        process.kill(pid, 'SIGKILL');
        await waitFor('the killed app to end', ended, 10_000);
      },
    };
  } catch (error) {
    for (const child of processTree(pid)) {
      try {
        process.kill(child, 'SIGKILL');
      } catch {
        // Already gone.
      }
    }
    throw error;
  }
}
