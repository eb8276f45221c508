import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../src-main/contract/failure';
import type { PracticeCluster } from '../../src-main/contract/practice';
import { findServerAccount } from '../../src-main/practice/account';
import { prepareBinaries } from '../../src-main/practice/binaries';
import { chooseDataFolder } from '../../src-main/practice/folders';
import { createPracticeService } from '../../src-main/practice/practice-service';
import type { PracticeService } from '../../src-main/practice/practice-service';
import { connectTo, practiceServiceForTest } from '../support/practice';
import type { PracticeServiceForTest } from '../support/practice';
import { serversBelow } from '../support/practice-servers';
import { waitFor } from '../support/wait';

const isRoot = process.getuid?.() === 0;
if (!isRoot) process.stderr.write('not tested: another account for the servers (this process is not root)\n');
const isGuarded = process.platform === 'linux' && existsSync('/usr/bin/setpriv');
if (!isGuarded) process.stderr.write('not tested: servers ended by the kernel (Linux with setpriv only)\n');

let around: PracticeServiceForTest | null = null;
const listeners: Server[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await around?.end();
  around = null;
});

async function ask(service: PracticeService, practiceId: string, text: string): Promise<unknown> {
  const database = await connectTo(await service.endpointOf(practiceId));
  try {
    const result = await database.change<Record<string, unknown>>({ text });
    return Object.values(result.rows[0] ?? {})[0];
  } finally {
    await database.close();
  }
}

async function occupy(port: number): Promise<void> {
  const listener = createServer();
  listeners.push(listener);
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
}

describe('the next start of the app', () => {
  it('finds the clusters as they were, stopped, and starts them on their ports', async () => {
    around = await practiceServiceForTest();
    const created = await around.service.create({ sampleData: false, workers: 1, name: 'Class of May' });
    await ask(around.service, created.practiceId, 'CREATE TABLE kept AS SELECT 7 AS id');
    await around.service.stopAll();
    await expect(around.service.create({})).rejects.toMatchObject({ failure: { kind: 'cancelled' } });

    const next = around.again();
    expect(await next.cleanUpAfterCrash()).toEqual({ stopped: [], removed: [] });
    const [listed] = (await next.list()).clusters;
    expect(listed).toMatchObject({ ...created, phase: 'stopped', nodes: [{}, {}] });
    expect(listed?.nodes.map((node) => node.state)).toEqual(['stopped', 'stopped']);
    const started = await next.start(created.practiceId);
    expect(started).toEqual(created);
    expect(await ask(next, created.practiceId, 'SELECT id FROM kept')).toBe(7);
    expect((await next.create({ sampleData: false, workers: 1 })).name).toBe('Practice A');
  });

  it('moves nodes whose ports were taken meanwhile, and tells the cluster', async () => {
    around = await practiceServiceForTest();
    const { service } = around;
    const created = await service.create({ sampleData: false });
    await service.stop(created.practiceId);
    const [coordinator, worker] = created.nodes.map((node) => node.port);
    await occupy(coordinator ?? 0);
    await occupy(worker ?? 0);

    const started = await service.start(created.practiceId);
    const ports = started.nodes.map((node) => node.port);
    expect(ports[0]).not.toBe(coordinator);
    expect(ports[1]).not.toBe(worker);
    expect(ports[2]).toBe(created.nodes[2]?.port);
    expect(started.nodes.every((node) => node.isMember)).toBe(true);
    const listed = `SELECT string_agg(nodeport::text, ' ' ORDER BY nodeid) FROM pg_dist_node`;
    expect(await ask(service, created.practiceId, listed)).toBe(ports.join(' '));
    const answers = await ask(
      service,
      created.practiceId,
      `SELECT string_agg(result, ' ' ORDER BY nodeid) FROM run_command_on_all_nodes('SHOW port')`,
    );
    expect(answers).toBe(ports.join(' '));
  });

  it('keeps a cluster aside whose record cannot be read, says so, and goes on with the others', async () => {
    around = await practiceServiceForTest();
    const [broken, fine] = [
      await around.service.create({ sampleData: false, workers: 1 }),
      await around.service.create({ sampleData: false, workers: 1 }),
    ];
    await around.service.stopAll();
    const folder = join(around.options.dataFolder, 'clusters', broken.practiceId);
    writeFileSync(join(folder, 'record.json'), '{"version": 1, "practiceId": ');

    const problems: Failure[] = [];
    const next = createPracticeService({ ...around.options, onProblem: (failure) => problems.push(failure) });
    await next.cleanUpAfterCrash();
    expect((await next.list()).clusters.map((cluster) => cluster.practiceId)).toEqual([fine.practiceId]);
    expect(problems).toHaveLength(1);
    const aside = readdirSync(join(around.options.dataFolder, 'set-aside'));
    expect(aside).toHaveLength(1);
    expect(problems[0]?.meaning).toContain(aside[0]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('quitting', () => {
  it('while sample data is loaded ends it at once; the cluster says that it is incomplete, and reset mends it', async () => {
    around = await practiceServiceForTest();
    const created = await around.service.create({});
    expect(created.phase).toBe('loading');
    await around.service.stopAll();
    expect(serversBelow(around.options.dataFolder)).toEqual([]);

    const next = around.again();
    const started = await next.start(created.practiceId);
    expect(started).toMatchObject({
      phase: 'running',
      failure: { kind: 'practice', message: 'The sample data is not complete.' },
    });
    await next.reset(created.practiceId);
    expect(await next.settled(created.practiceId)).toMatchObject({ phase: 'running', failure: null });
    expect(await ask(next, created.practiceId, 'SELECT count(*) FROM permits')).toBe('24000');
  });
});

describe('a data folder', () => {
  it.each([`a b'c"d`, 'Übung ✓ $(id) ;#%', '-D', "x'); DROP ROLE postgres; --"])(
    'may be called %s',
    async (folderName) => {
      around = await practiceServiceForTest({ folderName });
      const created = await around.service.create({ sampleData: false, workers: 1 });
      await around.service.killNode(created.practiceId, 'worker-1');
      const revived = await around.service.reviveNode(created.practiceId, 'worker-1');
      expect(revived.nodes.map((node) => node.state)).toEqual(['running', 'running']);
      expect(serversBelow(join(around.options.dataFolder))).toHaveLength(2);
    },
  );

  it('that PostgreSQL cannot list is replaced by one that it can', async () => {
    around = await practiceServiceForTest({ folderName: 'drive:colon' });
    const used = await chooseDataFolder(around.options.dataFolder, await findServerAccount());
    expect(used).not.toContain(':');
    try {
      const created = await around.service.create({ sampleData: false, workers: 1 });
      expect(created.phase).toBe('running');
    } finally {
      await around.end();
      around = null;
      rmSync(used, { recursive: true, force: true });
    }
  });

  it.runIf(isRoot)(
    'and programs that the account of the servers cannot reach are replaced by ones that it can',
    async () => {
      around = await practiceServiceForTest();
      const { binariesFolder } = around.options;
      const closed = await mkdtemp(join(tmpdir(), 'shardboard-closed-'));
      const account = await findServerAccount();
      const options = {
        ...around.options,
        binariesFolder: join(closed, 'native'),
        dataFolder: join(closed, 'practice'),
      };
      const replaced: string[] = [];
      try {
        await cp(binariesFolder, options.binariesFolder, { recursive: true, verbatimSymlinks: true });
        replaced.push(
          await prepareBinaries(options.binariesFolder, account),
          await chooseDataFolder(options.dataFolder, account),
        );
        expect(replaced.filter((folder) => folder.startsWith(closed))).toEqual([]);
        const service = createPracticeService(options);
        const created = await service.create({ sampleData: false, workers: 1 });
        expect(created.nodes.map((node) => node.state)).toEqual(['running', 'running']);
        await service.remove(created.practiceId);
        expect(serversBelow(replaced[1] ?? '')).toEqual([]);
      } finally {
        for (const folder of [closed, ...replaced]) rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  it('gives its secrets to nobody else, and the log none', async () => {
    around = await practiceServiceForTest();
    const created = await around.service.create({ sampleData: false, workers: 1 });
    const { password } = await around.service.endpointOf(created.practiceId);
    expect(password.length).toBeGreaterThanOrEqual(32);
    const folder = join(around.options.dataFolder, 'clusters', created.practiceId);
    const secretFiles = ['password', 'pgpass', 'nodes/coordinator/data/postgresql.conf'];
    for (const name of secretFiles) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    expect(readFileSync(join(folder, 'record.json'), 'utf8')).not.toContain(password);
    expect(JSON.stringify(around.announced)).not.toContain(password);
    await ask(around.service, created.practiceId, `ALTER ROLE nobody_here PASSWORD '${password}'`).catch(
      () => undefined,
    );
    expect(readFileSync(join(folder, 'nodes/coordinator/server.log'), 'utf8')).not.toContain(password);
  });
});

interface ChildLine {
  readonly phase?: string;
  readonly nodes?: readonly string[];
  readonly created?: string;
}

function startChild(
  dataFolder: string,
  guard: 'guard' | 'no-guard',
): { readonly lines: ChildLine[]; kill(): Promise<void> } {
  const script = resolve(import.meta.dirname, '../support/practice-child.mjs');
  const child = spawn(process.execPath, [script, dataFolder, guard, ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: ChildLine[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as ChildLine);
  });
  return {
    lines,
    async kill() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('after a crash of the app', () => {
  it('the next start stops what was left running, and the clusters can be started', async () => {
    around = await practiceServiceForTest({ guardServers: false });
    const { dataFolder } = around.options;
    const child = startChild(dataFolder, 'no-guard');
    const practiceId = await waitFor(
      'the cluster of the child',
      () => child.lines.find((line) => line.created)?.created,
      60_000,
    );
    const servers = serversBelow(dataFolder);
    expect(servers).toHaveLength(3);
    await child.kill();
    expect(serversBelow(dataFolder)).toEqual(servers);
    await expect(around.service.start(practiceId)).rejects.toMatchObject({ failure: { kind: 'conflict' } });

    const next = around.again();
    const report = await next.cleanUpAfterCrash();
    expect(new Set(report.stopped.map((leftover) => leftover.pid))).toEqual(new Set(servers));
    expect(report.removed).toEqual([]);
    expect(serversBelow(dataFolder)).toEqual([]);
    const started: PracticeCluster = await next.start(practiceId);
    expect(started.phase).toBe('running');
    expect(await ask(next, practiceId, 'SELECT id FROM before_the_crash')).toBe(1);
  });

  it.runIf(isGuarded)('the kernel ends the servers with the app', async () => {
    around = await practiceServiceForTest();
    const { dataFolder } = around.options;
    const child = startChild(dataFolder, 'guard');
    await waitFor('the cluster of the child', () => child.lines.some((line) => line.created), 60_000);
    expect(serversBelow(dataFolder)).toHaveLength(3);
    await child.kill();
    await waitFor('the servers to end', () => serversBelow(dataFolder).length === 0, 15_000);
  });

  it('a half-made cluster is removed', async () => {
    around = await practiceServiceForTest({ guardServers: false });
    const { dataFolder } = around.options;
    const child = startChild(dataFolder, 'no-guard');
    await waitFor(
      'a node of the child to run',
      () => child.lines.some((line) => line.nodes?.includes('running')),
      60_000,
      1,
    );
    await child.kill();
    expect(child.lines.some((line) => line.created)).toBe(false);
    const report = await around.service.cleanUpAfterCrash();
    expect(report.removed).toHaveLength(1);
    expect(serversBelow(dataFolder)).toEqual([]);
    expect(readdirSync(join(dataFolder, 'clusters'))).toEqual([]);
    expect((await around.service.list()).clusters).toEqual([]);
  });

  it('a stranger that has got the pid of a server meanwhile is left alone', async () => {
    around = await practiceServiceForTest();
    const created = await around.service.create({ sampleData: false, workers: 1 });
    await around.service.stopAll();
    const data = join(around.options.dataFolder, 'clusters', created.practiceId, 'nodes', 'worker-1', 'data');
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '-D', data]);
    children.push(stranger);
    await once(stranger, 'spawn');
    writeFileSync(
      join(data, 'postmaster.pid'),
      `${stranger.pid}\n${data}\n1\n1\n\n127.0.0.1\n1 1\nready   \n`,
    );

    const next = around.again();
    expect((await next.cleanUpAfterCrash()).stopped).toEqual([]);
    expect(stranger.exitCode).toBeNull();
    expect((await next.start(created.practiceId)).nodes.map((node) => node.state)).toEqual([
      'running',
      'running',
    ]);
    expect(stranger.signalCode).toBeNull();
  });
});
