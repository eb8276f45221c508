/** What a practice cluster runs on: the emulator on the app's own PostgreSQL, or a real Citus found on the machine. */
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FailureError } from '../contract/failure';
import type { Account } from './account';
import { prepareBinaries, programName } from './binaries';
import { runProgram } from './processes';

interface EngineBase {
  /** Folder with initdb and postgres. */
  readonly binFolder: string;
  /** Names of the settings this PostgreSQL knows: some came with minor releases. */
  readonly knownSettings: ReadonlySet<string>;
  /** As `postgres --version` says it; part of a template's identity. */
  readonly postgresVersion: string;
}

export interface EmulatorEngine extends EngineBase {
  readonly kind: 'emulator';
  /** Name -> text of the files in resources/practice/citus. */
  readonly extensionFiles: ReadonlyMap<string, string>;
  /** Whether these programs came with pg_stat_statements: a server that is to load what is not there does not start. */
  readonly hasStatementStatistics: boolean;
}

export interface CitusEngine extends EngineBase {
  readonly kind: 'citus';
  /** As in citus.control: "13.2-1". */
  readonly extensionVersion: string;
}

export type Engine = EmulatorEngine | CitusEngine;

export interface RealCitus {
  readonly binFolder: string;
  readonly extensionVersion: string;
}

/** Where the packages of Debian and of PostgreSQL's own yum repository put their programs. */
const installationFolders = ['/usr/lib/postgresql', '/usr'] as const;

/** Real Citus installations on this machine, newest PostgreSQL first. Looks at files only. */
export async function findRealCitus(
  roots: readonly string[] = installationFolders,
): Promise<readonly RealCitus[]> {
  const candidates = await Promise.all(
    roots.map(async (root) => {
      const names = await readdir(root).catch(() => []);
      return names
        .filter((name) => /^(pgsql-)?\d+$/.test(name))
        .map((name) => ({ major: Number(name.replace('pgsql-', '')), bin: join(root, name, 'bin') }));
    }),
  );
  const newestFirst = candidates.flat().sort((one, other) => other.major - one.major);
  const found = await Promise.all(newestFirst.map((candidate) => readRealCitus(candidate.bin)));
  return found.filter((entry) => entry !== null);
}

/** The Citus that belongs to a folder of PostgreSQL programs, or null when there is none. */
export async function readRealCitus(binFolder: string): Promise<RealCitus | null> {
  if (!(await stat(join(binFolder, programName('postgres'))).catch(() => null))) return null;
  const prefix = dirname(binFolder);
  const major = /(\d+)$/.exec(prefix)?.[1] ?? '';
  const folders = [
    join(prefix, 'share', 'extension'),
    join(prefix, 'share', 'postgresql', 'extension'),
    // Debian splits an installation: programs in /usr/lib/postgresql/15, shared files in /usr/share/postgresql/15.
    join(dirname(dirname(dirname(prefix))), 'share', 'postgresql', major, 'extension'),
  ];
  for (const folder of folders) {
    const control = await readFile(join(folder, 'citus.control'), 'utf8').catch(() => null);
    const extensionVersion = /^\s*default_version\s*=\s*'([^']+)'/m.exec(control ?? '')?.[1];
    if (extensionVersion) return { binFolder, extensionVersion };
  }
  return null;
}

export interface EngineOptions {
  readonly binariesFolder: string;
  /** Holds practice/citus with the emulator's extension. */
  readonly resourcesFolder: string;
  /** Programs of a PostgreSQL with real Citus; null: the emulator. */
  readonly citusBinFolder: string | null;
}

/** Finds the programs, makes them runnable for the account and asks them what they are. */
export async function prepareEngine(options: EngineOptions, account: Account | null): Promise<Engine> {
  if (options.citusBinFolder !== null) {
    const real = await readRealCitus(options.citusBinFolder);
    if (!real) {
      throw new FailureError({
        kind: 'practice',
        message: `There is no PostgreSQL with Citus in ${options.citusBinFolder}.`,
        meaning: 'SHARDBOARD_CITUS_BIN names the folder of the programs (initdb, postgres) to practise on.',
        remedy: 'Correct the variable, or remove it to practise on the emulator.',
      });
    }
    return { kind: 'citus', ...real, ...(await describeProgram(real.binFolder, account)) };
  }
  const binFolder = join(await prepareBinaries(options.binariesFolder, account), 'bin');
  const folder = join(options.resourcesFolder, 'practice', 'citus');
  const names = (await readdir(folder)).filter((name) => /\.(sql|control|conf)$/.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const extensionFiles = new Map(names.map((name, index) => [name, texts[index] ?? '']));
  return {
    kind: 'emulator',
    extensionFiles,
    binFolder,
    hasStatementStatistics: await hasLibrary(binFolder, 'pg_stat_statements'),
    ...(await describeProgram(binFolder, account)),
  };
}

async function hasLibrary(binFolder: string, library: string): Promise<boolean> {
  const root = join(dirname(binFolder), 'lib');
  const names = await Promise.all(
    [root, join(root, 'postgresql')].map((one) => readdir(one).catch(() => [])),
  );
  return names.flat().some((name) => /^(.*)\.(so|dylib|dll)$/.exec(name)?.[1] === library);
}

async function describeProgram(
  binFolder: string,
  account: Account | null,
): Promise<Pick<EngineBase, 'knownSettings' | 'postgresVersion'>> {
  const program = join(binFolder, programName('postgres'));
  const options = { account, environment: { LC_ALL: 'C' }, timeoutMs: 20_000 };
  const [version, described] = await Promise.all([
    runProgram(program, ['--version'], options),
    runProgram(program, ['--describe-config'], options),
  ]);
  if (version.exitCode !== 0 || described.exitCode !== 0) {
    throw new FailureError({
      kind: 'practice',
      message: `${program} does not run on this machine.`,
      meaning: 'No practice cluster can start.',
      remedy: 'The text below names what is missing, mostly a system library.',
      serverMessage: (version.errors || described.errors).slice(0, 2_000),
    });
  }
  const names = described.output.split('\n').map((line) => line.split('\t')[0] ?? '');
  return { postgresVersion: version.output.trim(), knownSettings: new Set(names) };
}

/** What `engine` of a cluster says until its own answer of citus_version() is known. */
export function engineLabel(engine: Engine): string {
  return engine.kind === 'emulator' ? 'emulator' : engine.extensionVersion;
}
