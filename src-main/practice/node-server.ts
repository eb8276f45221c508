/** One practice node: its folder, its PostgreSQL server, its end. */
import { chown, copyFile, cp, mkdir, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FailureError } from '../contract/failure';
import type { Account } from './account';
import { programName } from './binaries';
import type { Engine } from './engine';
import { serverEnvironment } from './engine-files';
import type { NodePaths } from './layout';
import { childrenOf, runProgram, sendSignal, startServer, waitForEnd } from './processes';
import type { ServerProcess } from './processes';
import { findServer, readPidFile, removePidFile } from './pid-file';
import { accessRules, serverSettings } from './server-settings';
import type { ServerSettings } from './server-settings';

/** How long each way of ending a server may take before the next, harder one. Milliseconds. */
export const stopLimits = { fastMs: 8_000, immediateMs: 3_000, killMs: 5_000 } as const;
const startLimitMs = 60_000;
const logLimitBytes = 4 * 1024 * 1024;

/** A fresh node: a full copy of the template, owned by the account the server runs under. */
export async function createNodeFolder(
  paths: NodePaths,
  templateData: string,
  account: Account | null,
): Promise<void> {
  await rm(paths.folder, { recursive: true, force: true });
  await mkdir(paths.folder, { recursive: true });
  if (account) await chown(paths.folder, account.uid, account.gid);
  if (process.platform === 'win32') {
    await cp(templateData, paths.data, { recursive: true });
    return;
  }
  // cp(1) copies a thousand small files ten times as fast as fs.cp does, and beside the event loop.
  const copied = await runProgram('/bin/cp', ['-R', '-p', templateData, paths.data], {
    account,
    environment: serverEnvironment(),
    timeoutMs: 120_000,
  });
  if (copied.exitCode !== 0) {
    throw new FailureError({
      kind: 'practice',
      message: 'The data folder of a practice node could not be written.',
      meaning: 'The node was not made.',
      remedy: 'Check the free space of the disk.',
      serverMessage: copied.errors.trim().slice(-1_000),
    });
  }
}

export interface StartNodeOptions {
  readonly paths: NodePaths;
  readonly engine: Engine;
  readonly account: Account | null;
  readonly settings: ServerSettings;
  /** libpq's password file for what the server opens itself. */
  readonly passwordFile: string;
  readonly guardProgram: string | null;
}

/** Throws when a server is at work on the node's data folder already; removes a pid file that means nothing. */
export async function refuseTwoServers(paths: NodePaths, title: string): Promise<void> {
  const running = await findServer(paths.data);
  if (running !== null) {
    throw new FailureError({
      kind: 'conflict',
      message: `${title} runs already, as process ${running}.`,
      meaning: 'Another Shardboard uses the same practice clusters, or it has ended without stopping them.',
      remedy: 'Close the other one, or start this one again: it stops what was left running.',
    });
  }
  await removePidFile(paths.data);
}

/** Writes the settings, starts the server and waits until it takes connections. */
export async function startNode(options: StartNodeOptions): Promise<ServerProcess> {
  const { paths, account, engine } = options;
  await writeOwned(join(paths.data, 'postgresql.conf'), serverSettings(options.settings), account);
  await writeOwned(join(paths.data, 'pg_hba.conf'), accessRules, account);
  await boundLog(paths.logFile);
  const handle = await open(paths.logFile, 'a', 0o640);
  let server: ServerProcess;
  try {
    server = await startServer(join(engine.binFolder, programName('postgres')), ['-D', paths.data], {
      account,
      environment: { ...serverEnvironment(), PGPASSFILE: options.passwordFile },
      logHandle: handle.fd,
      guardProgram: options.guardProgram,
    });
  } catch (error) {
    throw new FailureError(
      {
        kind: 'practice',
        message: 'The PostgreSQL server program could not be started.',
        meaning: 'The practice node does not run.',
        remedy: 'The text below says why.',
        serverMessage: error instanceof Error ? error.message : String(error),
      },
      { cause: error },
    );
  } finally {
    await handle.close();
  }
  await untilReady(server, paths, options.settings);
  return server;
}

/** The server writes "ready" into the last line of postmaster.pid: cheaper to watch than trying to connect. */
async function untilReady(server: ServerProcess, paths: NodePaths, settings: ServerSettings): Promise<void> {
  const deadline = Date.now() + startLimitMs;
  for (;;) {
    const status = await readPidFile(paths.data);
    if (status?.pid === server.pid && status.isReady) return;
    if (server.hasExited() || Date.now() > deadline) {
      const ended = server.hasExited();
      if (!ended) await killServer(server.pid);
      throw new FailureError({
        kind: 'practice',
        message: ended
          ? `${settings.title} ended while it started.`
          : `${settings.title} was not ready within ${startLimitMs / 1000} seconds.`,
        meaning: 'The practice node does not run.',
        remedy: `Its own words are below; the whole log is ${paths.logFile}.`,
        serverMessage: await logTail(paths.logFile),
        node: `127.0.0.1:${settings.port}`,
      });
    }
    await pause(8);
  }
}

/** Fast shutdown; where that takes too long the immediate one, then SIGKILL. Never throws. */
export async function stopServer(pid: number, dataFolder: string, engine: Engine | null): Promise<void> {
  const all = [pid, ...(await childrenOf(pid))];
  if (process.platform === 'win32' && engine) {
    // There are no signals to send there; pg_ctl knows PostgreSQL's own way.
    await runProgram(
      join(engine.binFolder, 'pg_ctl.exe'),
      ['stop', '-D', dataFolder, '-m', 'fast', '-t', '8'],
      { account: null, environment: serverEnvironment(), timeoutMs: 15_000 },
    ).catch(() => null);
  } else {
    sendSignal(pid, 'SIGINT');
  }
  if (await waitForEnd([pid], stopLimits.fastMs)) {
    if (await waitForEnd(all, stopLimits.immediateMs)) return;
  } else {
    sendSignal(pid, 'SIGQUIT');
    if (await waitForEnd(all, stopLimits.immediateMs)) return;
  }
  await killServer(pid, all);
}

/** SIGKILL for the server and its children, as a machine that loses power would do it. Never throws. */
export async function killServer(pid: number, known: readonly number[] = []): Promise<void> {
  const family = new Set([pid, ...known, ...(await childrenOf(pid))]);
  for (const member of family) sendSignal(member, 'SIGKILL');
  await waitForEnd([...family], stopLimits.killMs);
}

/** Last lines of a server's log, for a failure's text. */
async function logTail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-12).join('\n').slice(-2_000);
}

/** Keeps a log below its limit: what was written so far becomes "server.log.1". The server appends on. */
export async function boundLog(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => null);
  if (!found || found.size <= logLimitBytes) return;
  await copyFile(logFile, `${logFile}.1`);
  await truncate(logFile, 0);
}

async function writeOwned(path: string, text: string, account: Account | null): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (account) await chown(path, account.uid, account.gid);
}
