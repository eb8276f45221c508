/**
 * Brings a fresh clone to the point where the app, or its tests, can run: packages, Electron runtime, system
 * libraries, build. Each part is skipped in milliseconds when nothing has changed since it was last done.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Missing, npm, rootFolder, run, step } from './console.mjs';
import { writeLicences } from './licences.mjs';
import { resolveRuntime } from './runtime.mjs';
import { ensureSystemLibraries } from './system-libraries.mjs';

const root = fileURLToPath(rootFolder);
const oldestNode = [20, 19];

/** Returns the path of the Electron executable. `display`: a display server is needed where there is none. */
export async function prepare({ display }) {
  checkNode();
  await ensurePackages();
  const executable = await resolveRuntime();
  await ensureSystemLibraries(executable, { display });
  await ensureBuild();
  return executable;
}

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new Missing(
      `Node ${oldestNode.join('.')} or newer is needed, this is ${process.versions.node}. Install it from nodejs.org or the distribution.`,
    );
  }
}

export async function ensurePackages() {
  const stamp = join(root, 'node_modules', '.shardboard-packages');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.platform + process.arch)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await step('installing packages (npm ci, nothing is built or downloaded by them)', () =>
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
  );
  writeFileSync(stamp, wanted);
}

export async function ensureBuild() {
  const stamp = join(root, 'out', '.shardboard-build');
  const wanted = sourcesFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await step('building the app', () =>
    run(process.execPath, [join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build'], {
      quiet: true,
      env: { NODE_ENV: 'production' },
    }),
  );
  writeLicences();
  writeFileSync(stamp, wanted);
}

/** Names, sizes and times of everything that goes into the build. */
function sourcesFingerprint() {
  const hash = createHash('sha256');
  const visit = (path) => {
    const info = statSync(path);
    if (info.isDirectory()) {
      for (const name of readdirSync(path).sort()) visit(join(path, name));
    } else {
      hash.update(`${path}\0${info.size}\0${info.mtimeMs}\0`);
    }
  };
  for (const part of [
    'src-main',
    'src-renderer',
    'electron.vite.config.ts',
    'package-lock.json',
    'tsconfig.base.json',
  ]) {
    visit(join(root, part));
  }
  return hash.digest('hex');
}
