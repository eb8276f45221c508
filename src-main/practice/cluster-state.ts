/** What is known of one practice cluster while the app runs: its record, its nodes, what is being done. */
import { readFile } from 'node:fs/promises';
import type { connectDatabase, Database } from '../connections/database';
import { FailureError } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { PracticeCluster, PracticeNodeState, PracticePhase } from '../contract/practice';
import type { Account } from './account';
import type { Engine } from './engine';
import { nodePaths, passwordFile } from './layout';
import type { NodePaths } from './layout';
import { connectNode } from './membership';
import { loopback } from './ports';
import type { ServerProcess } from './processes';
import { writeRecord } from './record';
import type { NodeRecord, PracticeRecord } from './record';
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
  readonly state: PracticeNodeState;
  readonly server: ServerProcess | null;
}

interface Shown {
  readonly phase: PracticePhase;
  readonly doing: string | null;
  readonly progress: number | null;
  readonly failure: Failure | null;
}

const absent: LiveNode = { state: 'stopped', server: null };

/** Every change of it is announced, and what must outlive the app is written first. */
export interface ClusterState {
  readonly folder: string;
  readonly surroundings: ClusterSurroundings;
  readonly record: PracticeRecord;
  readonly phase: PracticePhase;
  view(): PracticeCluster;
  show(change: Partial<Shown>): void;
  /** Changes the record and writes it. */
  keep(change: Partial<PracticeRecord>): Promise<void>;
  node(name: string): LiveNode;
  nodeNames(): readonly string[];
  setNode(name: string, change: Partial<LiveNode>): void;
  forgetNode(name: string): void;
  /** Throws `not-found` for a name that no node has. */
  nodeRecord(name: string): NodeRecord;
  paths(name: string): NodePaths;
  password(): Promise<string>;
  setPassword(password: string): void;
  endpoint(name: string): Promise<PracticeEndpoint>;
  connect(name: string): Promise<Database>;
  /** Opens a connection for `work` alone. `password`: the one to log in with, if not the cluster's. */
  withDatabase(
    name: string,
    work: (database: Database) => Promise<unknown>,
    password?: string,
  ): Promise<void>;
}

export function createClusterState(
  surroundings: ClusterSurroundings,
  folder: string,
  initial: PracticeRecord,
): ClusterState {
  let record = initial;
  let password: string | null = null;
  let shown: Shown = {
    phase: initial.isComplete ? 'stopped' : 'creating',
    doing: null,
    progress: null,
    failure: null,
  };
  const live = new Map<string, LiveNode>();

  const state: ClusterState = {
    folder,
    surroundings,
    get record() {
      return record;
    },
    get phase() {
      return shown.phase;
    },
    view: () => ({
      practiceId: record.practiceId,
      clusterId: record.practiceId,
      name: record.name,
      ...shown,
      nodes: record.nodes.map((node) => ({
        name: node.name,
        host: loopback,
        port: node.port,
        state: state.node(node.name).state,
        isMember: node.registeredPort !== null,
      })),
      createdAt: record.createdAt,
      engine: record.engine,
    }),
    show(change) {
      shown = { ...shown, ...change };
      surroundings.onChange();
    },
    async keep(change) {
      record = { ...record, ...change };
      await writeRecord(folder, record);
      surroundings.onChange();
    },
    node: (name) => live.get(name) ?? absent,
    nodeNames: () => [...live.keys()],
    setNode(name, change) {
      live.set(name, { ...state.node(name), ...change });
      surroundings.onChange();
    },
    forgetNode: (name) => void live.delete(name),
    nodeRecord(name) {
      const found = record.nodes.find((node) => node.name === name);
      if (found) return found;
      throw new FailureError({ kind: 'not-found', message: `${record.name} has no node "${name}".` });
    },
    paths: (name) => nodePaths(folder, name),
    async password() {
      password ??= await readFile(passwordFile(folder), 'utf8');
      return password;
    },
    setPassword(next) {
      password = next;
    },
    endpoint: async (name) => ({
      host: loopback,
      port: state.nodeRecord(name).port,
      database: 'postgres',
      user: 'postgres',
      password: await state.password(),
    }),
    connect: async (name) => connectNode(surroundings.connect, await state.endpoint(name)),
    async withDatabase(name, work, otherPassword) {
      const at = await state.endpoint(name);
      const database = await connectNode(surroundings.connect, {
        ...at,
        password: otherPassword ?? at.password,
      });
      try {
        await work(database);
      } finally {
        await database.close();
      }
    },
  };
  return state;
}
