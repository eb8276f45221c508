/** The shared libraries Electron needs on Linux, and a virtual display where there is none. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Missing, run, step } from './console.mjs';

/** The first library of each row is looked for; the row's package brings it on Debian and Ubuntu. */
const debianPackages = [
  ['libgtk-3.so.0', 'libgtk-3-0'],
  ['libnss3.so', 'libnss3'],
  ['libasound.so.2', 'libasound2'],
  ['libgbm.so.1', 'libgbm1'],
  ['libXss.so.1', 'libxss1'],
  ['libatk-bridge-2.0.so.0', 'libatk-bridge2.0-0'],
];

export async function ensureSystemLibraries(executable, { display }) {
  if (process.platform !== 'linux') return;
  const needed = new Set();
  const stamp = join(executable, '..', '.shardboard-libraries');
  if (!existsSync(stamp)) {
    const missing = (await run('ldd', [executable], { quiet: true }).catch(() => ''))
      .split('\n')
      .filter((line) => line.includes('not found'))
      .map((line) => line.trim().split(' ')[0]);
    for (const library of missing) {
      const known = debianPackages.find(([name]) => name === library);
      if (known) needed.add(known[1]);
    }
    // A library that is not in the table comes with one of these.
    if (missing.length > 0) for (const [, name] of debianPackages) needed.add(name);
  }
  if (display && !hasDisplay() && !hasXvfb()) {
    needed.add('xvfb');
    needed.add('xauth');
  }
  if (needed.size > 0) await install([...needed]);
  try {
    writeFileSync(stamp, '');
  } catch {
    // A read-only runtime folder is asked again next time.
  }
}

async function install(packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Missing(
      existsSync('/usr/bin/apt-get')
        ? `system libraries are missing. Run:\n  sudo ${command}`
        : `system libraries are missing; on Debian they are called: ${packages.join(' ')}. Install this system's packages of the same libraries.`,
    );
  }
  const options = { quiet: true, env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 900_000 };
  await step(`installing system libraries (${packages.join(' ')})`, async () => {
    // Lists that cannot be renewed may still be good enough.
    await run('apt-get', ['update'], options).catch(() => '');
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options).catch(
      (error) => {
        const why = /^E: .*$/m.exec(error.output ?? '')?.[0] ?? 'apt-get failed';
        throw new Missing(
          `system libraries are missing and could not be installed (${why}). Run:\n  ${command}`,
        );
      },
    );
  });
}

export function hasDisplay() {
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

function hasXvfb() {
  return existsSync('/usr/bin/Xvfb') && existsSync('/usr/bin/xauth');
}
