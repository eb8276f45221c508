/**
 * From the click to a cluster of live, registered nodes, against bare initdb and start of as many nodes one by one,
 * alternating. Each practice cluster is made in an empty folder, so its template counts, too; sample data is loaded
 * afterwards and does not.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findServerAccount } from '../../src-main/practice/account';
import type { Account } from '../../src-main/practice/account';
import { embeddedBinariesFolder, prepareBinaries } from '../../src-main/practice/binaries';
import { connectTo, emulator, practiceServiceForTest } from '../support/practice';
import { freePort } from '../support/plain-postgres';
import { median, waitFor } from '../support/wait';
import type { BenchFigure } from './figure';

const rounds = 3;
const nodes = 3;

export async function run(): Promise<readonly BenchFigure[]> {
  const account = await findServerAccount();
  const folder = embeddedBinariesFolder(resolve(import.meta.dirname, '../../node_modules'));
  const binaries = join(await prepareBinaries(folder, account), 'bin');
  // Both read their programs from the disk cache: whoever came first would pay for the other.
  await bareStart(binaries, account);
  const bare: number[] = [];
  const practice: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await bareStart(binaries, account));
    practice.push(await practiceStart());
  }
  const ratio = median(practice.map((time, round) => time / (bare[round] ?? Number.NaN)));
  return [
    { figure: 'bare initdb and start', value: median(bare), unit: 'ms', goal: '', holds: null },
    { figure: 'practice cluster', value: median(practice), unit: 'ms', goal: '', holds: null },
    { figure: 'ratio', value: ratio, unit: 'x', goal: '<= 2', holds: ratio <= 2 },
  ];
}

async function practiceStart(): Promise<number> {
  const around = await practiceServiceForTest({ engine: emulator });
  try {
    const began = performance.now();
    const cluster = await around.service.create({ workers: nodes - 1 });
    // "Live" is what every node says itself, and what the metadata lists.
    const answers = await Promise.all(
      cluster.nodes.map(async ({ name }) => {
        const database = await connectTo(await around.service.endpointOf(cluster.practiceId, name));
        const [row] = await database.read<{ count: string }>({
          text: 'SELECT count(*) FROM pg_dist_node WHERE isactive',
        });
        await database.close();
        return Number(row?.count);
      }),
    );
    const took = performance.now() - began;
    if (answers.some((count) => count !== nodes)) throw new Error(`nodes listed: ${answers.join(', ')}`);
    return took;
  } finally {
    await around.end();
  }
}

/** The least a person would do by hand: initdb, start, wait until it answers; three times. */
async function bareStart(binaries: string, account: Account | null): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'shardboard-bare-'));
  chmodSync(folder, 0o755);
  const servers: number[] = [];
  try {
    const began = performance.now();
    for (let node = 0; node < nodes; node += 1) {
      const own = join(folder, String(node));
      mkdirSync(own);
      if (account) chownSync(own, account.uid, account.gid);
      const data = join(own, 'data');
      await finished(
        launch(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'], account, own),
      );
      const port = await freePort();
      const settings = [
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'unix_socket_directories=',
        '-c',
        'fsync=off',
      ];
      const server = launch(
        join(binaries, 'postgres'),
        ['-D', data, '-p', String(port), ...settings],
        account,
        own,
      );
      servers.push(server.pid ?? -1);
      await waitFor(
        'a bare server to answer',
        async () => {
          const at = { host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password: '' };
          await (await connectTo(at)).close();
          return true;
        },
        60_000,
        5,
      );
    }
    return performance.now() - began;
  } finally {
    for (const pid of servers) process.kill(pid, 'SIGINT');
    await waitFor('the bare servers to end', () => servers.every((pid) => !exists(pid)));
    rmSync(folder, { recursive: true, force: true });
  }
}

function launch(
  program: string,
  programArguments: readonly string[],
  account: Account | null,
  folder: string,
) {
  const log = openSync(join(folder, 'log'), 'a');
  return spawn(program, [...programArguments], {
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
    cwd: '/',
    env: { LC_ALL: 'C' },
    stdio: ['ignore', log, log],
  });
}

function finished(child: ReturnType<typeof launch>): Promise<void> {
  return new Promise((settle, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? settle() : reject(new Error(`initdb ended with ${code}`))));
  });
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
