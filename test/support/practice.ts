/** Practice clusters for tests: real PostgreSQL processes in a folder of their own, stopped in any case. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectDatabase, defaultLimits } from '../../src-main/connections/database';
import type { ConnectLimits, Database } from '../../src-main/connections/database';
import type { PracticeList } from '../../src-main/contract/practice';
import { findRealCitus, readRealCitus } from '../../src-main/practice/engine';
import { createPracticeService, embeddedBinariesFolder } from '../../src-main/practice/practice-service';
import type {
  PracticeEndpoint,
  PracticeService,
  PracticeServiceOptions,
  StartDaemon,
} from '../../src-main/practice/practice-service';

const root = resolve(import.meta.dirname, '../..');

export interface PracticeEngine {
  /** "emulator", or "Citus 13.2-1 (/usr/lib/postgresql/15/bin)". */
  readonly name: string;
  readonly isEmulator: boolean;
  readonly citusBinFolder: string | null;
}

export const emulator: PracticeEngine = { name: 'emulator', isEmulator: true, citusBinFolder: null };

/** The emulator always; real Citus too where SHARDBOARD_CITUS_BIN names one or an installation is found. */
export async function engines(): Promise<readonly PracticeEngine[]> {
  const named = process.env['SHARDBOARD_CITUS_BIN'];
  const real = named ? await readRealCitus(named) : (await findRealCitus())[0];
  if (!real) {
    const reason = named
      ? `SHARDBOARD_CITUS_BIN=${named} holds no PostgreSQL with Citus`
      : 'no citus.control in any PostgreSQL installation';
    process.stderr.write(`real Citus: not tested (${reason})\n`);
    return [emulator];
  }
  const name = `Citus ${real.extensionVersion} (${real.binFolder})`;
  return [emulator, { name, isEmulator: false, citusBinFolder: real.binFolder }];
}

export function connectTo(
  endpoint: PracticeEndpoint,
  limits: ConnectLimits = { ...defaultLimits, statementTimeoutMs: 60_000 },
): Promise<Database> {
  const { password, ...address } = endpoint;
  return connectDatabase({ ...address, applicationName: 'shardboard test', tls: false }, password, limits);
}

export interface PracticeServiceForTest {
  readonly service: PracticeService;
  readonly options: PracticeServiceOptions;
  /** Every list that was announced, in order. */
  readonly announced: readonly PracticeList[];
  /** A second service on the same folder, as after a restart of the app. */
  again(): PracticeService;
  /** Stops every server and removes the folder. */
  end(): Promise<void>;
}

export interface PracticeTestOptions {
  readonly engine?: PracticeEngine;
  readonly startDaemon?: StartDaemon | null;
  /** Name of the folder below a temporary one. */
  readonly folderName?: string;
  readonly guardServers?: boolean;
}

export async function practiceServiceForTest(
  options: PracticeTestOptions = {},
): Promise<PracticeServiceForTest> {
  const folder = await mkdtemp(join(tmpdir(), 'shardboard-test-'));
  await chmod(folder, 0o755);
  const announced: PracticeList[] = [];
  const serviceOptions: PracticeServiceOptions = {
    binariesFolder: embeddedBinariesFolder(join(root, 'node_modules')),
    resourcesFolder: join(root, 'resources'),
    dataFolder: join(folder, options.folderName ?? 'practice'),
    connect: connectDatabase,
    startDaemon: options.startDaemon ?? null,
    onChange: (list) => announced.push(list),
    citusBinFolder: (options.engine ?? emulator).citusBinFolder,
    guardServers: options.guardServers,
  };
  const services = [createPracticeService(serviceOptions)];
  const [service] = services as [PracticeService];
  return {
    service,
    options: serviceOptions,
    announced,
    again() {
      const next = createPracticeService(serviceOptions);
      services.push(next);
      return next;
    },
    async end() {
      for (const each of services) await each.stopAll();
      // Whatever a test left behind, by the pid files in its own folder only.
      await createPracticeService(serviceOptions).cleanUpAfterCrash();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface PracticeClusterForTest {
  readonly service: PracticeService;
  readonly practiceId: string;
  readonly engine: PracticeEngine;
  endpoint(node?: string): Promise<PracticeEndpoint>;
  /** Opens a connection that `end` closes. */
  connect(node?: string, limits?: ConnectLimits): Promise<Database>;
  end(): Promise<void>;
}

export interface PracticeClusterTestOptions extends PracticeTestOptions {
  readonly workers?: number;
  /** Default: false. True waits until it is loaded. */
  readonly sampleData?: boolean;
}

/** For a cluster that all tests of a file share: call in beforeAll, and `end` in afterAll. */
export async function startPracticeCluster(
  options: PracticeClusterTestOptions = {},
): Promise<PracticeClusterForTest> {
  const around = await practiceServiceForTest(options);
  const open: Database[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(open.map((database) => database.close()));
    await around.end();
  };
  try {
    const { practiceId } = await around.service.create({
      workers: options.workers ?? 2,
      sampleData: options.sampleData ?? false,
    });
    const settled = await around.service.settled(practiceId);
    if (settled.failure) throw new Error(`${settled.failure.message} ${settled.failure.meaning ?? ''}`);
    return {
      service: around.service,
      practiceId,
      engine: options.engine ?? emulator,
      endpoint: (node) => around.service.endpointOf(practiceId, node),
      async connect(node, limits) {
        const database = await connectTo(await around.service.endpointOf(practiceId, node), limits);
        open.push(database);
        return database;
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
