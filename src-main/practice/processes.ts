/** The only importer of child_process: PostgreSQL's own programs, started without a shell and stopped by pid. */
import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Account } from './account';

export type Environment = Readonly<Record<string, string>>;

export interface ProgramOptions {
  /** Account to run under; null: the one of this process. */
  readonly account: Account | null;
  readonly environment: Environment;
  /** Milliseconds after which the program is killed. */
  readonly timeoutMs: number;
  /** Written to its standard input. */
  readonly input?: string;
}

export interface FinishedProgram {
  /** Null when it was killed by a signal, the time limit included. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end. Throws only when it cannot be started at all. */
export function runProgram(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<FinishedProgram> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...programArguments], {
      ...accountOptions(options.account),
      env: options.environment,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    // A program that ends before it has read its input closes the pipe; its exit code tells the story.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output, errors }));
  });
}

/** A server that this process has started. */
export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  hasExited(): boolean;
}

export interface ServerOptions {
  readonly account: Account | null;
  readonly environment: Environment;
  /** Open file that takes standard output and standard error. */
  readonly logHandle: number;
  /**
   * setpriv(1) of util-linux, or null. With it the kernel sends the server SIGINT (a fast shutdown) when this
   * process dies, so a killed app leaves no server behind.
   */
  readonly guardProgram: string | null;
}

/** Starts a long-running server. Rejects when the program cannot be started. */
export function startServer(
  program: string,
  programArguments: readonly string[],
  options: ServerOptions,
): Promise<ServerProcess> {
  const [first, all] = options.guardProgram
    ? [options.guardProgram, ['--pdeathsig', 'INT', '--', program, ...programArguments]]
    : [program, [...programArguments]];
  return new Promise((resolve, reject) => {
    const child = spawn(first, all, {
      ...accountOptions(options.account),
      env: options.environment,
      cwd: '/',
      stdio: ['ignore', options.logHandle, options.logHandle],
      // Its own process group: a Ctrl+C in the terminal of the app must not reach the servers.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    let ended = false;
    const exited = new Promise<void>((settle) => {
      child.once('exit', () => {
        ended = true;
        settle();
      });
    });
    child.once('error', reject);
    child.once('spawn', () => {
      // The app may quit on its own terms; `stopAll` is what ends the servers.
      child.unref();
      resolve({ pid: child.pid ?? -1, exited, hasExited: () => ended });
    });
  });
}

function accountOptions(account: Account | null): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/** False when there is no such process any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** True while the process does anything: one that has ended and only waits to be collected does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return status !== null && stateOf(status) !== 'Z' && stateOf(status) !== 'X';
}

/** Whether all of them ended within the limit. */
export async function waitForEnd(pids: readonly number[], limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const alive = await Promise.all(pids.map(isAlive));
    if (!alive.includes(true)) return true;
    if (Date.now() >= deadline) return false;
    await pause(15);
  }
}

/** Direct children. Empty where the system has no /proc: there PostgreSQL's children notice by themselves. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  if (process.platform !== 'linux') return [];
  const entries = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    entries.map(async (name) => {
      const status = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      return { pid: Number(name), parent: parentOf(status) };
    }),
  );
  return parents.filter((entry) => entry.parent === pid).map((entry) => entry.pid);
}

/** Program and arguments of a process, one string each; null when it is gone or not ours to look at. */
export async function commandOf(pid: number): Promise<readonly string[] | null> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text === '' ? null : text.split('\0').filter((part) => part !== '');
  }
  if (process.platform === 'win32') return null;
  const found = await runProgram('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
    account: null,
    environment: {},
    timeoutMs: 5_000,
  }).catch(() => null);
  return found?.exitCode === 0 && found.output.trim() !== '' ? [found.output.trim()] : null;
}

// In /proc/<pid>/stat the command stands in brackets and may hold anything, brackets and spaces included.
function afterCommand(status: string): readonly string[] {
  return status.slice(status.lastIndexOf(')') + 2).split(' ');
}

function stateOf(status: string): string {
  return afterCommand(status)[0] ?? '';
}

function parentOf(status: string): number {
  return Number(afterCommand(status)[1] ?? -1);
}
