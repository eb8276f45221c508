/** A throw-away PostgreSQL server without Citus, on loopback, from the binaries the app itself ships. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findServerAccount } from '../../src-main/practice/account';
import { embeddedBinariesFolder, prepareBinaries } from '../../src-main/practice/binaries';

export const certificates = resolve(import.meta.dirname, 'certificates');

const nodeModules = resolve(import.meta.dirname, '../../node_modules');

export interface PlainPostgres {
  readonly port: number;
  readonly user: 'postgres';
  readonly password: string;
  readonly folder: string;
  start(): Promise<void>;
  /** `immediate` is a crash: every session ends without a word. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  remove(): Promise<void>;
}

export async function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolvePort(port));
    });
  });
}

/** @param accessRules lines of pg_hba.conf. */
export async function createPlainPostgres(accessRules: readonly string[]): Promise<PlainPostgres> {
  const account = await findServerAccount();
  const identity = account ? { uid: account.uid, gid: account.gid } : {};
  const binaries = join(await prepareBinaries(embeddedBinariesFolder(nodeModules), account), 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'shardboard-plain-'));
  const data = join(folder, 'data');
  const password = 'p@ss w:rd\\ü';
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  if (account) for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  await finished(
    spawn(
      join(binaries, 'initdb'),
      [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '-E',
        'UTF8',
        '--no-sync',
        '--locale=C',
      ],
      { ...identity, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env: {} },
    ),
  );
  const port = await freePort();
  for (const name of ['server.crt', 'server.key', 'authority.crt']) {
    copyFileSync(join(certificates, name), join(data, name));
    chmodSync(join(data, name), 0o600);
    if (account) chownSync(join(data, name), account.uid, account.gid);
  }
  writeFileSync(join(data, 'pg_hba.conf'), `${accessRules.join('\n')}\n`);
  writeFileSync(
    join(data, 'postgresql.conf'),
    `listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
max_connections = 20
shared_buffers = '8MB'
fsync = off
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_ca_file = 'authority.crt'
`,
  );

  let server: ChildProcess | null = null;
  const stop = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    const current = server;
    server = null;
    if (!current || current.exitCode !== null) return;
    const ended = new Promise((done) => current.once('exit', done));
    current.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  };
  const start = async (): Promise<void> => {
    const child = spawn(join(binaries, 'postgres'), ['-D', data], {
      ...identity,
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: '/',
      env: {},
    });
    server = child;
    await new Promise<void>((ready, reject) => {
      let text = '';
      child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (text.includes('ready to accept connections')) ready();
      });
      child.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${text}`)));
    });
  };
  const handle: PlainPostgres = {
    port,
    user: 'postgres',
    password,
    folder,
    start,
    stop,
    async remove() {
      await stop('immediate');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await start();
  return handle;
}

async function finished(child: ChildProcess): Promise<void> {
  let text = '';
  child.stderr?.on('data', (piece: Buffer) => (text += piece.toString()));
  child.stdout?.resume();
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${text}`);
}
