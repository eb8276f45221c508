/** Folders that the app and the account of its servers both use. */
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FailureError } from '../contract/failure';
import { log } from '../log/log';
import { isReachable } from './account';
import type { Account } from './account';

/** Makes a folder (and those above it) that only this user enters, or that the server's account can pass. */
export async function makePassable(folder: string, account: Account | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: account ? 0o755 : 0o700 });
  // The mode above is cut by the umask of whoever started the app.
  if (account) await chmod(folder, 0o755);
}

/**
 * The folder the clusters live in: `wanted`, or one below the system's folder for temporary files where `wanted`
 * does not serve: the server's account cannot get there, or its path holds the separator of PostgreSQL's path lists.
 */
export async function chooseDataFolder(wanted: string, account: Account | null): Promise<string> {
  const absolute = resolve(wanted);
  const isListable = process.platform === 'win32' || !absolute.includes(':');
  if (isListable && (account === null || (await isReachable(absolute, account)))) {
    await makePassable(absolute, account);
    return absolute;
  }
  const hash = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `shardboard-practice-data-${hash}`);
  log.info(`practice clusters live in ${folder}: PostgreSQL servers cannot use ${absolute}`);
  await makePassable(folder, account);
  const found = await lstat(folder);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new FailureError({
      kind: 'practice',
      message: `${folder} belongs to somebody else.`,
      meaning: 'Practice clusters could be read and changed by that account, so none is made there.',
      remedy: 'Remove the folder, or start the app as a normal user.',
    });
  }
  return folder;
}
