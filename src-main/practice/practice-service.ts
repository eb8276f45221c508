/** Practice clusters: made, started, hurt, mended and removed at a click, several side by side. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { connectDatabase } from '../connections/database';
import { FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { PracticeCluster, PracticeList } from '../contract/practice';
import { log } from '../log/log';
import { findServerAccount } from './account';
import type { Account } from './account';
import { createEngines, findGuardProgram, once } from './engines';
import { chooseDataFolder, makePassable } from './folders';
import { clusterFolder, clustersFolder, setAsideFolder, templatesFolder } from './layout';
import { stopLeftovers } from './leftovers';
import type { Leftover } from './leftovers';
import type { ClusterSurroundings, PracticeEndpoint, StartDaemon } from './cluster-state';
import { createClusterLife } from './practice-cluster';
import type { PracticeClusterLife } from './practice-cluster';
import { nextName, readRecord } from './record';
import type { PracticeRecord } from './record';
import { sweepTemplates } from './template';

export type { PracticeEndpoint, StartDaemon } from './cluster-state';
export { embeddedBinariesFolder } from './binaries';
export { findRealCitus } from './engine';

export interface PracticeServiceOptions {
  /** PostgreSQL's programs that come with the app; see `embeddedBinariesFolder`. */
  readonly binariesFolder: string;
  /** Holds practice/citus and practice/sample. */
  readonly resourcesFolder: string;
  /** Belongs to the practice clusters alone. */
  readonly dataFolder: string;
  readonly connect: typeof connectDatabase;
  /** Null: no background jobs (tests of other things). */
  readonly startDaemon: StartDaemon | null;
  /** Told of every change, with the whole list. */
  onChange(list: PracticeList): void;
  /** Told of what went wrong beside a request: an unreadable record. */
  onProblem?(failure: Failure): void;
  /** Programs of a PostgreSQL with real Citus; null: the emulator. Default: SHARDBOARD_CITUS_BIN. */
  readonly citusBinFolder?: string | null;
  /** False: servers outlive a killed app until `cleanUpAfterCrash`. For the tests of just that. */
  readonly guardServers?: boolean;
}

export interface CleanUpReport {
  /** Servers that ran on and were stopped. */
  readonly stopped: readonly Leftover[];
  /** Ids of clusters that a crash left half-made; they are gone. */
  readonly removed: readonly string[];
}

export interface PracticeService {
  list(): Promise<PracticeList>;
  /** Resolves when every node runs, is registered and takes connections; sample data is loaded after that. */
  create(input: { name?: string; workers?: number; sampleData?: boolean }): Promise<PracticeCluster>;
  start(practiceId: string): Promise<PracticeCluster>;
  stop(practiceId: string): Promise<PracticeCluster>;
  reset(practiceId: string): Promise<PracticeCluster>;
  remove(practiceId: string): Promise<void>;
  addNode(
    practiceId: string,
  ): Promise<{ readonly name: string; readonly host: string; readonly port: number }>;
  killNode(practiceId: string, node: string): Promise<PracticeCluster>;
  reviveNode(practiceId: string, node: string): Promise<PracticeCluster>;
  /** Where and how to reach a node (the coordinator by default). Holds the password: stays in main. */
  endpointOf(practiceId: string, node?: string): Promise<PracticeEndpoint>;
  /** Ports on 127.0.0.1 that a fresh reading of pg_dist_node lists: keeps `isMember` true to the facts. */
  noteMembers(practiceId: string, ports: readonly number[]): Promise<void>;
  /** Resolves when the cluster is neither being changed nor loaded. */
  settled(practiceId: string): Promise<PracticeCluster>;
  /** Fast shutdown of everything, with limits; nothing can be started afterwards. */
  stopAll(): Promise<void>;
  /** Before anything else after the app has started: ends and removes what a crash left. */
  cleanUpAfterCrash(): Promise<CleanUpReport>;
}

const logCheckMs = 60_000;

export function createPracticeService(options: PracticeServiceOptions): PracticeService {
  const lives = new Map<string, PracticeClusterLife>();
  const citusBinFolder =
    options.citusBinFolder === undefined
      ? (process.env['SHARDBOARD_CITUS_BIN'] ?? null)
      : options.citusBinFolder;
  const guardProgram = options.guardServers === false ? null : findGuardProgram();
  let revision = 0;
  let isClosed = false;

  const list = (): PracticeList => ({
    revision,
    clusters: [...lives.values()]
      .map((life) => life.view())
      .sort((one, other) => one.createdAt.localeCompare(other.createdAt)),
  });
  const onChange = (): void => {
    revision += 1;
    options.onChange(list());
  };

  const base = once(async (): Promise<{ account: Account | null; dataFolder: string }> => {
    const account = await findServerAccount();
    return { account, dataFolder: await chooseDataFolder(options.dataFolder, account) };
  });

  const engines = createEngines({ ...options, guardProgram, base });

  const surroundings = once(async (): Promise<ClusterSurroundings> => {
    const { account } = await base();
    return {
      account,
      sampleFolder: join(options.resourcesFolder, 'practice', 'sample'),
      guardProgram,
      connect: options.connect,
      startDaemon: options.startDaemon,
      engineOf: (record) => engines.at(record.citusBinFolder),
      templateOf: engines.templateOf,
      takenPorts: () =>
        new Set([...lives.values()].flatMap((life) => life.record.nodes.map((node) => node.port))),
      onChange,
    };
  });

  const adopt = (
    around: ClusterSurroundings,
    dataFolder: string,
    record: PracticeRecord,
  ): PracticeClusterLife => {
    const life = createClusterLife(around, clusterFolder(dataFolder, record.practiceId), record);
    lives.set(record.practiceId, life);
    return life;
  };

  const load = once(async (): Promise<void> => {
    const { dataFolder } = await base();
    const around = await surroundings();
    for (const practiceId of await readdir(clustersFolder(dataFolder)).catch(() => [])) {
      const folder = clusterFolder(dataFolder, practiceId);
      try {
        const record = await readRecord(folder);
        if (record.isComplete) adopt(around, dataFolder, record);
      } catch (error) {
        await setAside(dataFolder, practiceId, error);
      }
    }
    setInterval(() => {
      for (const life of lives.values()) void life.boundLogs().catch(() => undefined);
    }, logCheckMs).unref();
  });

  const setAside = async (dataFolder: string, practiceId: string, cause: unknown): Promise<void> => {
    const target = join(setAsideFolder(dataFolder), `${practiceId}-${Date.now()}`);
    await mkdir(setAsideFolder(dataFolder), { recursive: true });
    await rename(clusterFolder(dataFolder, practiceId), target);
    log.error(`the record of practice cluster ${practiceId} cannot be read`, cause);
    options.onProblem?.({
      kind: 'storage',
      message: 'The record of a practice cluster cannot be read.',
      meaning: `The cluster is not listed any more. Its files were moved to ${target}.`,
      remedy: 'Create another practice cluster; remove the folder when nothing in it is needed.',
    });
  };

  const find = async (practiceId: string): Promise<PracticeClusterLife> => {
    await load();
    const life = lives.get(practiceId);
    if (life) return life;
    throw new FailureError({ kind: 'not-found', message: 'This practice cluster does not exist any more.' });
  };
  const refuseWhenClosed = (): void => {
    if (!isClosed) return;
    throw new FailureError({ kind: 'cancelled', message: 'The app is closing.' });
  };
  const withLife = async (
    practiceId: string,
    work: (life: PracticeClusterLife) => Promise<unknown>,
  ): Promise<PracticeCluster> => {
    refuseWhenClosed();
    const life = await find(practiceId);
    await work(life);
    return life.view();
  };

  return {
    async list() {
      await load();
      return list();
    },
    async create(input) {
      refuseWhenClosed();
      await load();
      const around = await surroundings();
      const { account, dataFolder } = await base();
      // From here to `adopt` nothing waits: two clusters made at a time must not get one name.
      const names = new Set([...lives.values()].map((life) => life.record.name));
      const name = input.name ?? nextName(names);
      if (names.has(name)) {
        throw new FailureError({
          kind: 'conflict',
          message: `There is a practice cluster named "${name}" already.`,
          remedy: 'Choose another name.',
        });
      }
      const practiceId = `practice-${randomBytes(6).toString('hex')}`;
      const life = adopt(around, dataFolder, {
        version: 1,
        practiceId,
        name,
        createdAt: new Date().toISOString(),
        isComplete: false,
        engine: citusBinFolder === null ? 'emulator' : 'citus',
        citusBinFolder,
        template: '0',
        workers: input.workers ?? 2,
        sampleData: (input.sampleData ?? true) ? 'pending' : 'none',
        nodes: [],
      });
      try {
        await makePassable(clustersFolder(dataFolder), account);
        await makePassable(clusterFolder(dataFolder, practiceId), account);
        await life.build();
      } catch (error) {
        await life
          .remove()
          .catch((cause: unknown) => log.warn('a half-made cluster stays', toFailure(cause)));
        lives.delete(practiceId);
        onChange();
        throw error;
      }
      return life.view();
    },
    start: (practiceId) => withLife(practiceId, (life) => life.start()),
    stop: (practiceId) => withLife(practiceId, (life) => life.stop()),
    reset: (practiceId) => withLife(practiceId, (life) => life.reset()),
    async remove(practiceId) {
      const life = await find(practiceId);
      await life.remove();
      lives.delete(practiceId);
      onChange();
    },
    async addNode(practiceId) {
      refuseWhenClosed();
      return (await find(practiceId)).addNode();
    },
    killNode: (practiceId, node) => withLife(practiceId, (life) => life.killNode(node)),
    reviveNode: (practiceId, node) => withLife(practiceId, (life) => life.reviveNode(node)),
    async endpointOf(practiceId, node = 'coordinator') {
      return (await find(practiceId)).endpoint(node);
    },
    async noteMembers(practiceId, ports) {
      await (await find(practiceId)).noteMembers(ports);
    },
    settled: (practiceId) => withLife(practiceId, (life) => life.settled()),
    async stopAll() {
      isClosed = true;
      await Promise.all([...lives.values()].map((life) => life.stop()));
    },
    async cleanUpAfterCrash() {
      const { dataFolder } = await base();
      const stopped = await stopLeftovers(dataFolder);
      const removed: string[] = [];
      const templates = new Set<string>();
      for (const practiceId of await readdir(clustersFolder(dataFolder)).catch(() => [])) {
        const folder = clusterFolder(dataFolder, practiceId);
        const record = await readRecord(folder).catch(() => null);
        if (record) templates.add(record.template);
        if (!record || record.isComplete) continue;
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
        removed.push(practiceId);
      }
      await load();
      await sweepTemplates(templatesFolder(dataFolder), templates);
      return { stopped, removed };
    },
  };
}
