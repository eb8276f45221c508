/** postmaster.pid: which server is at work on a data folder, and whether it really is one of ours. */
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { commandOf, isAlive } from './processes';

export interface PidFile {
  readonly pid: number;
  readonly dataFolder: string;
  readonly isReady: boolean;
}

export async function readPidFile(dataFolder: string): Promise<PidFile | null> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => null);
  return text === null ? null : parsePidFile(text);
}

/** Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory, status. */
export function parsePidFile(text: string): PidFile | null {
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  return { pid, dataFolder: lines[1] ?? '', isReady: (lines[7] ?? '').trim() === 'ready' };
}

/** Pid of the server that works on this data folder; null when there is none. */
export async function findServer(dataFolder: string): Promise<number | null> {
  const status = await readPidFile(dataFolder);
  if (!status || !(await isAlive(status.pid))) return null;
  // After a reboot the number may belong to any program: what it was started with decides.
  return isOurServer(await commandOf(status.pid), dataFolder) ? status.pid : null;
}

/** PostgreSQL refuses to start while the pid in the file is alive, whoever that is by now. */
export async function removePidFile(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, 'postmaster.pid'), { force: true });
}

/** Whether a command line is that of a PostgreSQL server on this data folder. */
export function isOurServer(command: readonly string[] | null, data: string): boolean {
  if (!command) return false;
  const [program, ...programArguments] = command;
  if (programArguments.length === 0) {
    // Where the system gives one string only: "…/postgres -D <data>".
    return (
      new RegExp(`(^|[/\\\\])postgres(\\.exe)? -D `).test(program ?? '') && (program ?? '').endsWith(data)
    );
  }
  const position = programArguments.indexOf('-D');
  return /^postgres(\.exe)?$/.test(basename(program ?? '')) && programArguments[position + 1] === data;
}
