/**
 * `npm run bench`: every benchmark; `npm run -s bench -- NAME [--cases FILE]` one. JSON lines on standard output,
 * everything else on standard error.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { main, Missing, rootFolder } from './console.mjs';
import { withDisplay } from './display.mjs';

// Preparation speaks on standard error here: standard output is for the figures.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (...args) => process.stderr.write(...args);

await main(async () => {
  const { names, cases } = parseArguments(process.argv.slice(2));
  const { prepare } = await import('./prepare.mjs');
  const { loadScript } = await import('./script.mjs');
  const executable = await prepare({ display: true });
  let holds = true;
  await withDisplay(async (env) => {
    Object.assign(process.env, env, { SHARDBOARD_TEST_RUNTIME: executable });
    for (const name of names) {
      const { run } = await loadScript(`test/bench/${name}.ts`);
      for (const figure of await run(cases ? { cases } : {})) {
        write(`${JSON.stringify({ bench: name, ...figure })}\n`);
        if (figure.holds === false) holds = false;
      }
    }
  });
  process.exit(holds ? 0 : 2);
});

function parseArguments(args) {
  const available = readdirSync(new URL('test/bench/', rootFolder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => name.slice(0, -3))
    .sort();
  const names = [];
  let cases;
  for (let index = 0; index < args.length; index += 1) {
    if (args[index] === '--cases') {
      const file = args[(index += 1)];
      if (!file) throw new Missing('--cases needs a file.');
      cases = resolve(file);
    } else names.push(args[index]);
  }
  const unknown = names.filter((name) => !available.includes(name));
  if (unknown.length > 0) {
    throw new Missing(
      `there is no benchmark called ${unknown.join(', ')}; there are ${available.join(', ')}.`,
    );
  }
  return { names: names.length > 0 ? names : available, cases };
}
