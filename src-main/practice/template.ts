/** The data folder that every practice node starts as a copy of: made once per PostgreSQL and extension. */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { connectDatabase } from '../connections/database';
import { FailureError, toFailure } from '../contract/failure';
import { log } from '../log/log';
import type { Account } from './account';
import { programName } from './binaries';
import type { Engine } from './engine';
import { extensionSettings, engineSettings, extensionScript, serverEnvironment } from './engine-files';
import { connectNode } from './membership';
import { startNode, stopServer } from './node-server';
import { findFreePort, loopback } from './ports';
import { runProgram } from './processes';
import type { ServerSettings } from './server-settings';

export interface Template {
  /** Name of its folder. */
  readonly hash: string;
  readonly data: string;
  /** For extension_control_path: holds extension/citus.control. */
  readonly share: string;
  /** Password of the superuser in every fresh copy; changed before the copy is of any use to anybody. */
  readonly password: string;
}

export interface TemplateMaker {
  readonly engine: Engine;
  readonly account: Account | null;
  readonly guardProgram: string | null;
  readonly connect: typeof connectDatabase;
}

/** Raise when the steps below make something else out of the same programs and extension. */
const recipe = 2;

export function templateHash(engine: Engine): string {
  const hash = createHash('sha256').update(`${recipe}\n${engine.binFolder}\n${engine.postgresVersion}\n`);
  if (engine.kind === 'citus') hash.update(engine.extensionVersion);
  else for (const [name, text] of engine.extensionFiles) hash.update(`${name}\n${text.length}\n${text}`);
  return hash.digest('hex').slice(0, 16);
}

/** The template of that name, or null when it was never finished or is gone. */
export async function findTemplate(folder: string, hash: string): Promise<Template | null> {
  const own = join(folder, hash);
  const password = await readFile(join(own, 'password'), 'utf8').catch(() => null);
  if (password === null) return null;
  return { hash, data: join(own, 'data'), share: join(own, 'share'), password };
}

/** Finds the template, or makes it: initdb and CREATE EXTENSION, a second or two in all. */
export async function ensureTemplate(folder: string, maker: TemplateMaker): Promise<Template> {
  const { engine } = maker;
  const hash = templateHash(engine);
  const existing = await findTemplate(folder, hash);
  if (existing) return existing;
  await mkdir(folder, { recursive: true });
  const making = join(folder, `${hash}.making-${randomBytes(4).toString('hex')}`);
  try {
    await make(making, maker);
    await rename(making, join(folder, hash));
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    // Two makers at a time: the other's is as good.
    const other = await findTemplate(folder, hash);
    if (other) return other;
    throw error;
  }
  const made = await findTemplate(folder, hash);
  if (!made) throw new Error(`template ${hash} vanished`);
  return made;
}

async function make(own: string, maker: TemplateMaker): Promise<void> {
  const { engine, account } = maker;
  const started = Date.now();
  const data = join(own, 'data');
  const share = join(own, 'share');
  const password = randomBytes(18).toString('base64url');
  const passwordSource = join(own, 'initdb-password');
  await mkdir(join(share, 'extension'), { recursive: true });
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordSource, password, { mode: 0o600 });
  for (const [name, text] of extensionScript(engine)) {
    await writeFile(join(share, 'extension', name), text);
  }
  if (account) {
    await Promise.all([data, passwordSource].map((path) => chown(path, account.uid, account.gid)));
    await Promise.all([own, share, join(share, 'extension')].map((path) => chmod(path, 0o755)));
  }

  const environment = { ...serverEnvironment(), TZ: Intl.DateTimeFormat().resolvedOptions().timeZone };
  const initArguments = [
    ...['--pgdata', data, '--username', 'postgres', '--encoding', 'UTF8', '--locale', 'C'],
    ...['--auth', 'scram-sha-256', '--pwfile', passwordSource, '--wal-segsize', '4'],
    ...['--no-sync', '--no-instructions'],
  ];
  const initdb = await runProgram(join(engine.binFolder, programName('initdb')), initArguments, {
    account,
    environment,
    timeoutMs: 120_000,
  });
  if (initdb.exitCode !== 0) {
    throw failure('PostgreSQL could not make a data folder.', initdb.errors || initdb.output);
  }
  await rm(passwordSource);

  await createExtension(maker, own, password, {
    title: 'template',
    password: '',
    engineSettings: engineSettings(engine, share),
    extensionSettings: extensionSettings(engine),
  });
  await writeFile(join(own, 'password'), password, { mode: 0o600 });
  log.info(`practice template made in ${Date.now() - started} ms`);
}

/**
 * By a server like any other. Single-user mode would be quicker, and gives what it makes oids below 16384: those
 * count as PostgreSQL's own, for pg_dump and for Citus.
 */
async function createExtension(
  maker: TemplateMaker,
  own: string,
  password: string,
  settings: Omit<ServerSettings, 'port'>,
): Promise<void> {
  const { engine, account } = maker;
  const port = await findFreePort(new Set());
  const paths = { folder: own, data: join(own, 'data'), logFile: join(own, 'server.log') };
  const server = await startNode({
    paths,
    engine,
    account,
    settings: { ...settings, port },
    passwordFile: '',
    guardProgram: maker.guardProgram,
  });
  try {
    const at = { host: loopback, port, database: 'postgres', user: 'postgres', password };
    const database = await connectNode(maker.connect, at);
    try {
      await database.change({ text: 'CREATE EXTENSION citus' }, { timeoutMs: 120_000 });
    } finally {
      await database.close();
    }
  } catch (error) {
    throw failure('The extension could not be installed.', toFailure(error).message, error);
  } finally {
    await stopServer(server.pid, paths.data, engine);
  }
  await rm(paths.logFile, { force: true });
}

function failure(message: string, output: string, cause?: unknown): FailureError {
  return new FailureError(
    {
      kind: 'practice',
      message,
      meaning: 'No practice cluster can be made.',
      remedy: 'The text below is what PostgreSQL said.',
      serverMessage: output.trim().slice(-2_000),
    },
    { cause },
  );
}

/** How many templates no cluster is made of are kept, newest first: the next new cluster starts from one. */
const keptTemplates = 2;

/** Removes what crashes left half-made, and older templates that no cluster is made of. */
export async function sweepTemplates(folder: string, inUse: ReadonlySet<string>): Promise<void> {
  const hourMs = 3_600_000;
  const names = await readdir(folder).catch(() => []);
  const entries = await Promise.all(
    names.map(async (name) => ({
      name,
      madeAt: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0,
    })),
  );
  // Another running app may be at work on a half-made one; an hour later nobody is.
  const abandoned = entries.filter((e) => e.name.includes('.making-') && Date.now() - e.madeAt > hourMs);
  const unused = entries
    .filter((entry) => !entry.name.includes('.making-') && !inUse.has(entry.name))
    .sort((one, other) => other.madeAt - one.madeAt)
    .slice(keptTemplates);
  for (const { name } of [...abandoned, ...unused]) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
