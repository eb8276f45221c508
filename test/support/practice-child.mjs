/**
 * Stands in for the app in tests that kill it: makes a practice cluster, says so, and stays until it is killed.
 * Arguments: data folder, "guard" or "no-guard", folder of real Citus's programs or "".
 */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [dataFolder, guard, citusBinFolder] = process.argv.slice(2);

async function load(path) {
  const { module } = await runnerImport(`${root}${path}`, { root, configFile: false, logLevel: 'error' });
  return module;
}

const { connectDatabase } = await load('src-main/connections/database.ts');
const { createPracticeService, embeddedBinariesFolder } = await load('src-main/practice/practice-service.ts');
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const service = createPracticeService({
  binariesFolder: embeddedBinariesFolder(`${root}node_modules`),
  resourcesFolder: `${root}resources`,
  dataFolder,
  connect: connectDatabase,
  startDaemon: null,
  onChange: ({ clusters }) =>
    say({ phase: clusters[0]?.phase, nodes: clusters[0]?.nodes.map((n) => n.state) }),
  citusBinFolder: citusBinFolder || null,
  guardServers: guard === 'guard',
});
const cluster = await service.create({ sampleData: false });
const { connectTo } = await load('test/support/practice.ts');
const database = await connectTo(await service.endpointOf(cluster.practiceId));
await database.change({ text: 'CREATE TABLE before_the_crash AS SELECT 1 AS id' });
say({ created: cluster.practiceId });
setInterval(() => undefined, 1_000);
