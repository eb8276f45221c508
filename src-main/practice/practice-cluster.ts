/** The life of one practice cluster: its nodes, its members, its sample data. One thing at a time. */
import { randomBytes } from 'node:crypto';
import { chown, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { connectDatabase, Database } from '../connections/database';
import { FailureError, toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { PracticeCluster, PracticeNodeState, PracticePhase } from '../contract/practice';
import { log } from '../log/log';
import type { Account } from './account';
import { engineLabel } from './engine';
import type { Engine } from './engine';
import { engineSettings, extensionSettings } from './engine-files';
import { makePassable } from './folders';
import { nodePaths, passwordFile, serverPasswordFile } from './layout';
import {
  connectNode,
  makeDistinct,
  movedMembers,
  readMembers,
  registerNodes,
  rewritePorts,
} from './membership';
import {
  boundLog,
  createNodeFolder,
  killServer,
  refuseTwoServers,
  startNode,
  stopServer,
} from './node-server';
import { findFreePort, isPortFree, loopback } from './ports';
import type { ServerProcess } from './processes';
import { nextWorker, writeRecord } from './record';
import type { NodeRecord, PracticeRecord } from './record';
import { loadSampleData, readSampleSteps } from './sample-data';
import { passwordFileText } from './server-settings';
import type { Template } from './template';

export interface PracticeEndpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Runs until `signal` says stop: does what SQL cannot, in the place of Citus's maintenance daemon. */
export type StartDaemon = (options: {
  readonly connect: () => Promise<Database>;
  readonly signal: AbortSignal;
}) => Promise<void>;

/** What all clusters share. */
export interface ClusterSurroundings {
  readonly sampleFolder: string;
  readonly account: Account | null;
  readonly guardProgram: string | null;
  readonly connect: typeof connectDatabase;
  readonly startDaemon: StartDaemon | null;
  engineOf(record: PracticeRecord): Promise<Engine>;
  /** The template of that name, or a new one when it is gone. */
  templateOf(engine: Engine, hash: string | null): Promise<Template>;
  /** Ports of every node of every cluster, running or not. */
  takenPorts(): ReadonlySet<number>;
  onChange(): void;
}

interface LiveNode {
  state: PracticeNodeState;
  server: ServerProcess | null;
}

/** Times a port may be lost to another program between being found free and being used. */
const portAttempts = 3;

export type PracticeClusterLife = ReturnType<typeof createClusterLife>;

/** `folder` exists already; for a new cluster `record.isComplete` is false and `build` is called first. */
export function createClusterLife(
  surroundings: ClusterSurroundings,
  folder: string,
  initial: PracticeRecord,
) {
  let record = initial;
  let phase: PracticePhase = initial.isComplete ? 'stopped' : 'creating';
  let doing: string | null = null;
  let progress: number | null = null;
  let failure: Failure | null = null;
  let password: string | null = null;
  const live = new Map<string, LiveNode>();
  /** Ends what works in the background of a running cluster: the daemon, the loading of sample data. */
  let background = new AbortController();
  let backgroundWork: Promise<unknown> = Promise.resolve();
  let queue: Promise<unknown> = Promise.resolve();

  const show = (next: { phase?: PracticePhase; doing?: string | null; progress?: number | null }): void => {
    phase = next.phase ?? phase;
    doing = next.doing === undefined ? doing : next.doing;
    progress = next.progress === undefined ? progress : next.progress;
    surroundings.onChange();
  };
  const keep = async (change: Partial<PracticeRecord>): Promise<void> => {
    record = { ...record, ...change };
    await writeRecord(folder, record);
    surroundings.onChange();
  };
  const keepNode = (name: string, change: Partial<NodeRecord>): Promise<void> =>
    keep({ nodes: record.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)) });
  const liveNode = (name: string): LiveNode => {
    const found = live.get(name) ?? { state: 'stopped', server: null };
    live.set(name, found);
    return found;
  };
  const setNode = (name: string, change: Partial<LiveNode>): void => {
    Object.assign(liveNode(name), change);
    surroundings.onChange();
  };
  const nodeOf = (name: string): NodeRecord => {
    const found = record.nodes.find((node) => node.name === name);
    if (found) return found;
    throw new FailureError({ kind: 'not-found', message: `${record.name} has no node "${name}".` });
  };
  const readPassword = async (): Promise<string> => {
    password ??= await readFile(passwordFile(folder), 'utf8');
    return password;
  };
  const endpoint = async (name: string): Promise<PracticeEndpoint> => ({
    host: loopback,
    port: nodeOf(name).port,
    database: 'postgres',
    user: 'postgres',
    password: await readPassword(),
  });
  const connectTo = async (name: string, passwordNow?: string): Promise<Database> => {
    const at = await endpoint(name);
    return connectNode(surroundings.connect, { ...at, password: passwordNow ?? at.password });
  };
  /** One thing at a time; what is asked for meanwhile waits for its turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  const launch = async (name: string): Promise<void> => {
    const engine = await surroundings.engineOf(record);
    const template = await surroundings.templateOf(engine, record.template);
    const title = `${record.name} ${name}`;
    await refuseTwoServers(nodePaths(folder, name), title);
    setNode(name, { state: 'starting' });
    for (let attempt = 1; ; attempt += 1) {
      let { port } = nodeOf(name);
      if (!(await isPortFree(port))) {
        port = await findFreePort(surroundings.takenPorts());
        await keepNode(name, { port });
      }
      try {
        const server = await startNode({
          paths: nodePaths(folder, name),
          engine,
          account: surroundings.account,
          settings: {
            port,
            title,
            password: await readPassword(),
            engineSettings: engineSettings(engine, template.share),
            extensionSettings: extensionSettings(engine),
          },
          passwordFile: serverPasswordFile(folder),
          guardProgram: surroundings.guardProgram,
        });
        setNode(name, { state: 'running', server });
        void server.exited.then(() => {
          const node = liveNode(name);
          // A server that ends while nobody stops it has failed.
          if (node.server === server && node.state === 'running')
            setNode(name, { state: 'failed', server: null });
        });
        return;
      } catch (error) {
        const isPortLost = /could not bind|Address already in use/i.test(
          toFailure(error).serverMessage ?? '',
        );
        if (isPortLost && attempt < portAttempts) continue;
        setNode(name, { state: 'failed', server: null });
        throw error;
      }
    }
  };

  const halt = async (name: string): Promise<void> => {
    const { server } = liveNode(name);
    if (!server) return setNode(name, { state: 'stopped' });
    setNode(name, { state: 'stopping' });
    await stopServer(server.pid, nodePaths(folder, name).data, await surroundings.engineOf(record));
    setNode(name, { state: 'stopped', server: null });
  };

  const endBackground = async (): Promise<void> => {
    background.abort();
    await backgroundWork.catch(() => undefined);
    background = new AbortController();
    backgroundWork = Promise.resolve();
  };

  const haltAll = async (): Promise<void> => {
    await endBackground();
    await Promise.all([...live.keys()].map(halt));
  };

  /** A fresh copy of the template under the node's name, started, with the cluster's password. */
  const addFreshNode = async (name: string, template: Template): Promise<void> => {
    setNode(name, { state: 'starting' });
    await createNodeFolder(nodePaths(folder, name), template.data, surroundings.account);
    await launch(name);
    const database = await connectTo(name, template.password);
    try {
      await makeDistinct(database, await readPassword());
    } finally {
      await database.close();
    }
  };

  const startBackground = (loadSample: boolean): void => {
    const { signal } = background;
    const work: Promise<unknown>[] = [];
    if (surroundings.startDaemon && record.engine === 'emulator') {
      const daemon = surroundings.startDaemon({ connect: () => connectTo('coordinator'), signal });
      work.push(
        daemon.catch((error: unknown) => log.error(`the daemon of ${record.name} ended`, toFailure(error))),
      );
    }
    if (loadSample) work.push(loadSampleInto(signal));
    backgroundWork = Promise.all(work);
  };

  const loadSampleInto = async (signal: AbortSignal): Promise<void> => {
    show({ phase: 'loading', doing: 'Loading sample data', progress: 0 });
    let database: Database | null = null;
    try {
      const steps = await readSampleSteps(surroundings.sampleFolder);
      database = await connectTo('coordinator');
      await loadSampleData(
        database,
        steps,
        (step, done) => show({ doing: step.title, progress: done }),
        signal,
      );
      await keep({ sampleData: 'loaded' });
    } catch (error) {
      if (!signal.aborted) failure = sampleFailure(toFailure(error));
    } finally {
      await database?.close();
      if (!signal.aborted) show({ phase: 'running', doing: null, progress: null });
    }
  };

  const build = async (): Promise<void> => {
    failure = null;
    show({ phase: 'creating', doing: 'Preparing PostgreSQL', progress: 0.05 });
    const engine = await surroundings.engineOf(record);
    const template = await surroundings.templateOf(engine, null);
    await writePassword();
    await keep({
      isComplete: false,
      template: template.hash,
      engine: engineLabel(engine),
      nodes: await freshNodes(),
    });
    show({ doing: `Starting ${record.nodes.length} nodes`, progress: 0.5 });
    await settleAll(record.nodes.map((node) => addFreshNode(node.name, template)));
    show({ doing: 'Registering the workers', progress: 0.8 });
    await register();
    const withSample = record.sampleData !== 'none';
    await keep({ isComplete: true, sampleData: withSample ? 'pending' : 'none' });
    show({ phase: withSample ? 'loading' : 'running', doing: null, progress: withSample ? 0 : null });
    startBackground(withSample);
  };

  const register = async (): Promise<void> => {
    await withDatabase('coordinator', async (database) => {
      const version = await registerNodes(database, record.nodes);
      const nodes = record.nodes.map((node) => ({ ...node, registeredPort: node.port }));
      record = { ...record, nodes, engine: record.engine === 'emulator' ? 'emulator' : version };
    });
  };

  const freshNodes = async (): Promise<NodeRecord[]> => {
    const names = [
      'coordinator',
      ...Array.from({ length: record.workers }, (_, index) => `worker-${index + 1}`),
    ];
    const taken = new Set(surroundings.takenPorts());
    const nodes: NodeRecord[] = [];
    for (const name of names) {
      const before = record.nodes.find((node) => node.name === name)?.port;
      const port =
        before !== undefined && (await isPortFree(before))
          ? before
          : await findFreePort(taken, nodes.at(-1)?.port);
      taken.add(port);
      nodes.push({ name, port, registeredPort: null });
    }
    return nodes;
  };

  const writePassword = async (): Promise<void> => {
    password = randomBytes(24).toString('base64url');
    await makePassable(join(folder, 'nodes'), surroundings.account);
    // Nothing to sync: a power cut would take the nodes along, too.
    const options = { mode: 0o600, fsync: false };
    await writeFileAtomic(passwordFile(folder), password, options);
    const forServers = serverPasswordFile(folder);
    await writeFileAtomic(forServers, passwordFileText(password), options);
    if (surroundings.account) await chown(forServers, surroundings.account.uid, surroundings.account.gid);
  };

  const withDatabase = async (
    name: string,
    work: (database: Database) => Promise<unknown>,
  ): Promise<void> => {
    const database = await connectTo(name);
    try {
      await work(database);
    } finally {
      await database.close();
    }
  };

  /** Tells the cluster where its members are now, and reads who they are. */
  const adoptPorts = async (): Promise<void> => {
    if (liveNode('coordinator').state !== 'running') return;
    const moved = movedMembers(record.nodes);
    const members = record.nodes.filter(
      (node) => node.registeredPort !== null && liveNode(node.name).state === 'running',
    );
    if (moved.length > 0) {
      await settleAll(
        members.map((node) => withDatabase(node.name, (database) => rewritePorts(database, moved))),
      );
    }
    await withDatabase('coordinator', async (database) => noteMembers(await readMembers(database)));
  };

  const start = async (): Promise<void> => {
    if (phase === 'running' || phase === 'loading') return;
    failure = null;
    show({ phase: 'starting', doing: `Starting ${record.nodes.length} nodes`, progress: 0.2 });
    await settleAll(record.nodes.map((node) => launch(node.name)));
    await adoptPorts();
    if (record.sampleData === 'pending') failure = sampleFailure(null);
    show({ phase: 'running', doing: null, progress: null });
    startBackground(false);
  };

  /** Runs `work` so that whatever goes wrong stops every node and stays visible. */
  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      await haltAll();
      failure = toFailure(error);
      show({ phase: 'failed', doing: null, progress: null });
      throw error;
    }
  };

  const noteMembers = async (ports: readonly number[]): Promise<void> => {
    const nodes = record.nodes.map((node) => ({
      ...node,
      registeredPort: ports.includes(node.port) ? node.port : null,
    }));
    const changed = nodes.some((node, index) => node.registeredPort !== record.nodes[index]?.registeredPort);
    if (changed) await keep({ nodes });
  };

  const requireRunning = (): void => {
    if (phase === 'running' || phase === 'loading') return;
    throw new FailureError({
      kind: 'conflict',
      message: `${record.name} is not running.`,
      remedy: 'Start it first.',
    });
  };

  return {
    get record(): PracticeRecord {
      return record;
    },
    view(): PracticeCluster {
      return {
        practiceId: record.practiceId,
        clusterId: record.practiceId,
        name: record.name,
        phase,
        doing,
        progress,
        nodes: record.nodes.map((node) => ({
          name: node.name,
          host: loopback,
          port: node.port,
          state: liveNode(node.name).state,
          isMember: node.registeredPort !== null,
        })),
        failure,
        createdAt: record.createdAt,
        engine: record.engine,
      };
    },
    endpoint,
    build: () => inTurn(() => guarded(build)),
    start: () => inTurn(() => guarded(start)),
    stop: () =>
      inTurn(async () => {
        show({ phase: 'stopping', doing: 'Stopping the nodes', progress: null });
        await haltAll();
        show({ phase: 'stopped', doing: null });
      }),
    reset: () =>
      inTurn(() =>
        guarded(async () => {
          show({ phase: 'stopping', doing: 'Stopping the nodes', progress: null });
          await haltAll();
          live.clear();
          await keep({ isComplete: false });
          await rm(join(folder, 'nodes'), { recursive: true, force: true, maxRetries: 5 });
          await build();
        }),
      ),
    remove: () =>
      inTurn(async () => {
        show({ phase: 'stopping', doing: 'Removing', progress: null });
        await haltAll();
        // First the mark, so that a crash in between leaves something the next start removes.
        await keep({ isComplete: false });
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }),
    addNode: () =>
      inTurn(async () => {
        requireRunning();
        const engine = await surroundings.engineOf(record);
        const template = await surroundings.templateOf(engine, record.template);
        const name = nextWorker(record.nodes);
        const port = await findFreePort(surroundings.takenPorts(), record.nodes.at(-1)?.port);
        await keep({ nodes: [...record.nodes, { name, port, registeredPort: null }] });
        try {
          await addFreshNode(name, template);
        } catch (error) {
          await halt(name);
          live.delete(name);
          await keep({ nodes: record.nodes.filter((node) => node.name !== name) });
          await rm(nodePaths(folder, name).folder, { recursive: true, force: true });
          throw error;
        }
        return { name, host: loopback, port: nodeOf(name).port };
      }),
    killNode: (name: string) =>
      inTurn(async () => {
        nodeOf(name);
        const { server } = liveNode(name);
        if (!server) return;
        setNode(name, { state: 'killed', server: null });
        await killServer(server.pid);
      }),
    reviveNode: (name: string) =>
      inTurn(async () => {
        requireRunning();
        nodeOf(name);
        if (liveNode(name).server) return;
        await launch(name);
        await adoptPorts();
      }),
    /** Ports that pg_dist_node lists on this machine, as somebody has just read it. */
    noteMembers: (ports: readonly number[]) => inTurn(() => noteMembers(ports)),
    /** Resolves when what was asked for and the loading of sample data have come to an end. */
    async settled(): Promise<void> {
      await queue;
      while (phase === 'loading') await new Promise((resolve) => setTimeout(resolve, 25));
    },
    async boundLogs(): Promise<void> {
      await Promise.all(record.nodes.map((node) => boundLog(nodePaths(folder, node.name).logFile)));
    },
  };
}

function sampleFailure(cause: Failure | null): Failure {
  return {
    ...cause,
    kind: 'practice',
    message: 'The sample data is not complete.',
    meaning: cause
      ? `Loading it ended with: ${cause.message}`
      : 'Loading it was interrupted by the end of the app.',
    remedy: 'Reset the cluster to load it again, or work with what is there.',
  };
}

/** Waits for all, then throws the first failure: nothing goes on in the background of a failed step. */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
