/** What can be done with one practice cluster, one thing at a time. */
import { randomBytes } from 'node:crypto';
import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import writeFileAtomic from 'write-file-atomic';
import { FailureError, toFailure } from '../contract/failure';
import type { PracticeCluster } from '../contract/practice';
import { createClusterBackground, sampleFailure } from './cluster-background';
import { freshNodes, halt, kill, launch, launchFresh, settleAll } from './cluster-nodes';
import { createClusterState } from './cluster-state';
import type { ClusterState, ClusterSurroundings, PracticeEndpoint } from './cluster-state';
import { engineLabel } from './engine';
import { makePassable } from './folders';
import { passwordFile, serverPasswordFile } from './layout';
import { movedMembers, readMembers, registerNodes, rewritePorts } from './membership';
import { boundLog } from './node-server';
import { findFreePort, loopback } from './ports';
import { nextWorker } from './record';
import type { PracticeRecord } from './record';
import { passwordFileText } from './server-settings';

export interface PracticeClusterLife {
  readonly record: PracticeRecord;
  view(): PracticeCluster;
  endpoint(node: string): Promise<PracticeEndpoint>;
  /** For a new cluster: everything from the template to the members. Sample data is loaded after that. */
  build(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  reset(): Promise<void>;
  /** Stops the cluster and deletes its folder. */
  remove(): Promise<void>;
  addNode(): Promise<{ readonly name: string; readonly host: string; readonly port: number }>;
  killNode(node: string): Promise<void>;
  reviveNode(node: string): Promise<void>;
  /** Ports on this machine that pg_dist_node lists, as somebody has just read it. */
  noteMembers(ports: readonly number[]): Promise<void>;
  /** Resolves when what was asked for and the loading of sample data have come to an end. */
  settled(): Promise<void>;
  boundLogs(): Promise<void>;
}

/** `folder` exists already; for a new cluster `record.isComplete` is false and `build` is called first. */
export function createClusterLife(
  surroundings: ClusterSurroundings,
  folder: string,
  record: PracticeRecord,
): PracticeClusterLife {
  const state = createClusterState(surroundings, folder, record);
  const background = createClusterBackground(state);
  let queue: Promise<unknown> = Promise.resolve();

  /** One thing at a time; what is asked for meanwhile waits for its turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work, work);
    queue = turn.catch(() => undefined);
    return turn;
  };
  const haltAll = async (): Promise<void> => {
    await background.end();
    await Promise.all(state.nodeNames().map((name) => halt(state, name)));
  };
  /** Whatever goes wrong stops every node and stays visible. */
  const guarded = (work: () => Promise<void>): Promise<void> =>
    inTurn(async () => {
      try {
        await work();
      } catch (error) {
        await haltAll();
        state.show({ phase: 'failed', doing: null, progress: null, failure: toFailure(error) });
        throw error;
      }
    });

  const build = async (): Promise<void> => {
    state.show({ phase: 'creating', doing: 'Preparing PostgreSQL', progress: 0.05, failure: null });
    const engine = await surroundings.engineOf(state.record);
    const template = await surroundings.templateOf(engine, null);
    await writePassword(state);
    const nodes = await freshNodes(state);
    await state.keep({ isComplete: false, template: template.hash, engine: engineLabel(engine), nodes });
    state.show({ doing: `Starting ${nodes.length} nodes`, progress: 0.5 });
    await settleAll(nodes.map((node) => launchFresh(state, node.name, template)));
    state.show({ doing: 'Registering the workers', progress: 0.8 });
    await register(state);
    const loadSample = state.record.sampleData !== 'none';
    await state.keep({ isComplete: true, sampleData: loadSample ? 'pending' : 'none' });
    if (loadSample) state.show({ phase: 'loading', doing: 'Loading sample data', progress: 0 });
    else state.show({ phase: 'running', doing: null, progress: null });
    background.begin({ loadSample });
  };

  const start = async (): Promise<void> => {
    if (isRunning(state)) return;
    const { nodes, sampleData } = state.record;
    state.show({ phase: 'starting', doing: `Starting ${nodes.length} nodes`, progress: 0.2, failure: null });
    await settleAll(nodes.map((node) => launch(state, node.name)));
    await adoptPorts(state);
    const failure = sampleData === 'pending' ? sampleFailure(null) : null;
    state.show({ phase: 'running', doing: null, progress: null, failure });
    background.begin({ loadSample: false });
  };

  const stop = async (): Promise<void> => {
    state.show({ phase: 'stopping', doing: 'Stopping the nodes', progress: null });
    await haltAll();
  };

  return {
    get record() {
      return state.record;
    },
    view: state.view,
    endpoint: state.endpoint,
    build: () => guarded(build),
    start: () => guarded(start),
    stop: () =>
      inTurn(async () => {
        await stop();
        state.show({ phase: 'stopped', doing: null });
      }),
    reset: () =>
      guarded(async () => {
        await stop();
        for (const name of state.nodeNames()) state.forgetNode(name);
        await state.keep({ isComplete: false });
        await rm(join(folder, 'nodes'), { recursive: true, force: true, maxRetries: 5 });
        await build();
      }),
    remove: () =>
      inTurn(async () => {
        await stop();
        // First the mark, so that a crash in between leaves something the next start removes.
        await state.keep({ isComplete: false });
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }),
    addNode: () => inTurn(() => addNode(state)),
    killNode: (node) =>
      inTurn(async () => {
        state.nodeRecord(node);
        await kill(state, node);
      }),
    reviveNode: (node) =>
      inTurn(async () => {
        requireRunning(state);
        state.nodeRecord(node);
        if (state.node(node).server) return;
        await launch(state, node);
        await adoptPorts(state);
      }),
    noteMembers: (ports) => inTurn(() => noteMembers(state, ports)),
    async settled() {
      await queue;
      while (state.phase === 'loading') await pause(25);
    },
    async boundLogs() {
      await Promise.all(state.record.nodes.map((node) => boundLog(state.paths(node.name).logFile)));
    },
  };
}

function isRunning(state: ClusterState): boolean {
  return state.phase === 'running' || state.phase === 'loading';
}

function requireRunning(state: ClusterState): void {
  if (isRunning(state)) return;
  throw new FailureError({
    kind: 'conflict',
    message: `${state.record.name} is not running.`,
    remedy: 'Start it first.',
  });
}

/** An empty node with the extension; it becomes a member by whatever operation adds it. */
async function addNode(
  state: ClusterState,
): Promise<{ readonly name: string; readonly host: string; readonly port: number }> {
  requireRunning(state);
  const { surroundings, record } = state;
  const engine = await surroundings.engineOf(record);
  const template = await surroundings.templateOf(engine, record.template);
  const name = nextWorker(record.nodes);
  const port = await findFreePort(surroundings.takenPorts(), record.nodes.at(-1)?.port);
  await state.keep({ nodes: [...record.nodes, { name, port, registeredPort: null }] });
  try {
    await launchFresh(state, name, template);
  } catch (error) {
    await halt(state, name);
    state.forgetNode(name);
    await state.keep({ nodes: state.record.nodes.filter((node) => node.name !== name) });
    await rm(state.paths(name).folder, { recursive: true, force: true });
    throw error;
  }
  return { name, host: loopback, port: state.nodeRecord(name).port };
}

async function register(state: ClusterState): Promise<void> {
  await state.withDatabase('coordinator', async (database) => {
    const version = await registerNodes(database, state.record.nodes);
    const nodes = state.record.nodes.map((node) => ({ ...node, registeredPort: node.port }));
    await state.keep({ nodes, engine: state.record.engine === 'emulator' ? 'emulator' : version });
  });
}

/** Tells the cluster where its members are now, and reads who they are. */
async function adoptPorts(state: ClusterState): Promise<void> {
  const runs = (name: string): boolean => state.node(name).state === 'running';
  if (!runs('coordinator')) return;
  const { nodes } = state.record;
  const moved = movedMembers(nodes);
  if (moved.length > 0) {
    const members = nodes.filter((node) => node.registeredPort !== null && runs(node.name));
    await settleAll(
      members.map((node) => state.withDatabase(node.name, (database) => rewritePorts(database, moved))),
    );
  }
  await state.withDatabase('coordinator', async (database) => {
    await noteMembers(state, await readMembers(database));
  });
}

async function noteMembers(state: ClusterState, ports: readonly number[]): Promise<void> {
  const nodes = state.record.nodes.map((node) => {
    // A reading from before the node moved still shows that it is a member.
    const listed = [node.port, node.registeredPort].find((port) => port !== null && ports.includes(port));
    return { ...node, registeredPort: listed ?? null };
  });
  const isChanged = nodes.some(
    (node, index) => node.registeredPort !== state.record.nodes[index]?.registeredPort,
  );
  if (isChanged) await state.keep({ nodes });
}

async function writePassword(state: ClusterState): Promise<void> {
  const { account } = state.surroundings;
  const password = randomBytes(24).toString('base64url');
  state.setPassword(password);
  await makePassable(join(state.folder, 'nodes'), account);
  // Nothing to sync: a power cut would take the nodes along, too.
  const options = { mode: 0o600, fsync: false };
  await writeFileAtomic(passwordFile(state.folder), password, options);
  const forServers = serverPasswordFile(state.folder);
  await writeFileAtomic(forServers, passwordFileText(password), options);
  if (account) await chown(forServers, account.uid, account.gid);
}
