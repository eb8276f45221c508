/** Stands in for the app in tests that kill it. One argument, as JSON: a `MovesLife`. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { module } = await runnerImport(`${root}test/support/moves-life.ts`, {
  root,
  configFile: false,
  logLevel: 'error',
});
await module.live(JSON.parse(process.argv[2]));
