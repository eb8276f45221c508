/** The app, a node, the coordinator and a stored file die at the worst moment; nothing is lost, nothing is done twice. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { repository, rootArguments, testRuntime } from '../support/bare-start';
import {
  auditTrail,
  chooseCitusPlan,
  clusterCommand,
  goTo,
  nothingLeftOf,
  operationDone,
  pictureOfFailure,
  plainSql,
  processesOf,
  runButton,
  sentStatements,
  startPractice,
} from '../support/e2e-driver';
import { connectToNode, recordedClusters, valueOf } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let dataFolder: string;
const opened: Database[] = [];

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
  await startPractice(app.page, dataFolder);
});

afterEach(async ({ task }) => {
  await pictureOfFailure(task, app?.page);
  for (const database of opened.splice(0)) await database.close();
});

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

/** A session of a test with an open transaction; it ends with its server or with the test. */
async function openTransaction(node: string, lock: string): Promise<Database> {
  const database = await connectToNode(dataFolder, node);
  opened.push(database);
  await database.change({ text: 'BEGIN' });
  await database.change({ text: lock });
  return database;
}

/** As if applications were writing to every shard of a node: no move from it can end. */
function writeToShardsOf(node: string): Promise<Database> {
  return openTransaction(
    node,
    `DO $$ DECLARE shard text; BEGIN
       FOR shard IN SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
                      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE c.relkind = 'r' AND c.relname ~ '_\\d{6,}$' LOOP
         -- A copy that was moved away may be dropped in this very moment.
         BEGIN
           EXECUTE 'LOCK TABLE ' || shard || ' IN ROW EXCLUSIVE MODE';
         EXCEPTION WHEN undefined_table THEN NULL;
         END;
       END LOOP; END $$`,
  );
}

const doneTasks = "SELECT count(*) FROM pg_dist_background_task WHERE status = 'done'";
const rowsOfPermits = 'SELECT count(*) FROM permits';

/** Starts the app again after a kill: servers are gone, the cluster is in the list and starts at a click. */
async function restart(): Promise<Page> {
  app = await startApp({ dataFolder });
  const { page } = app;
  await page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .waitFor();
  await waitFor(
    'the servers of the killed app to be tidied up',
    () => processesOf(join(dataFolder, 'practice')).length === 0,
    30_000,
  );
  await page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start Practice A' }).click();
  await page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 60_000 });
  return page;
}

/** Nodes of the practice cluster as the app's own record has them; all of them were added. */
function memberCount(): string {
  return String(recordedClusters(dataFolder)[0]?.nodes.length);
}

/** No change of the trail has succeeded twice, and no statement of an operation was sent that its plan does not hold. */
function expectNothingTwice(): void {
  const succeeded = auditTrail(dataFolder)
    .filter(({ outcome }) => outcome === 'succeeded')
    .map(({ operationId, statement }) => `${operationId} ${plainSql(statement)}`);
  expect(succeeded.filter((one, index) => succeeded.indexOf(one) !== index)).toEqual([]);
}

async function openOperation(page: Page, title: RegExp): Promise<void> {
  await goTo(page, 'Operations');
  await page.getByRole('main').getByRole('link', { name: title }).first().click();
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
}

test('the app dies while a node is being added: it looks, asks, and goes on', async () => {
  const { page } = app;
  await clusterCommand(page, /Start an empty node/);
  await page.getByRole('button', { name: /Add it to the cluster/ }).click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Review steps' }).click();
  await runButton(page).waitFor({ timeout: 60_000 });
  // Readers pass, writers of the catalog wait: citus_add_node is sent and cannot end.
  await openTransaction('coordinator', 'LOCK TABLE pg_dist_node IN EXCLUSIVE MODE');
  await runButton(page).click();
  await waitFor('the statement to be sent', () =>
    sentStatements(dataFolder).some((sql) => sql.includes('citus_add_node')),
  );
  await app.kill();

  const again = await restart();
  await openOperation(again, /^Add node/);
  // Nothing of it was done, and nothing is repeated unasked.
  const goOn = again.getByRole('button', { name: /^(Go on|Look again and go on)$/ });
  await goOn.waitFor({ timeout: 60_000 });
  expect(await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node')).toBe('3');
  expect(sentStatements(dataFolder).filter((sql) => sql.includes('citus_add_node')).length).toBe(1);
  await goOn.click();
  // A second time, right after the first step has ended.
  await waitFor(
    'the node to be added',
    () =>
      auditTrail(dataFolder).some(
        ({ outcome, statement }) => outcome === 'succeeded' && statement.includes('citus_add_node'),
      ),
    30_000,
    5,
  );
  await app.kill();

  const third = await restart();
  await openOperation(third, /^Add node/);
  const head = third.locator('header.head');
  const found = await waitFor('the operation to be looked at', async () => {
    if ((await head.getByText('done', { exact: true }).count()) > 0) return 'done';
    return (await third.getByRole('button', { name: /go on/i }).count()) > 0 ? 'asks' : null;
  });
  if (found === 'asks') await third.getByRole('button', { name: /go on/i }).click();
  await operationDone(third);
  const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
  expect(
    await valueOf(
      dataFolder,
      `SELECT count(*) || ' ' || bool_and(isactive AND metadatasynced AND shouldhaveshards)
         FROM pg_dist_node WHERE nodeport = ${port}`,
    ),
  ).toBe('1 true');
  expectNothingTwice();
});

test('the app dies in the middle of a rebalance: the job goes on and is followed to its end', async () => {
  const { page } = app;
  const rows = await valueOf(dataFolder, rowsOfPermits);
  await goTo(page, 'Rebalance');
  await chooseCitusPlan(page);
  await page.getByRole('button', { name: /^Review \d+ moves?$/ }).click({ timeout: 60_000 });
  await runButton(page).click({ timeout: 60_000 });
  await waitFor(
    'the first finished move',
    async () => (await valueOf(dataFolder, doneTasks)) !== '0',
    60_000,
  );
  await writeToShardsOf('worker-1');
  await writeToShardsOf('worker-2');
  const done = Number(await valueOf(dataFolder, doneTasks));
  const all = Number(await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_background_task'));
  expect(done).toBeLessThan(all);
  await app.kill();

  const again = await restart();
  await openOperation(again, /^Rebalance/);
  await operationDone(again, 120_000);
  expect(await valueOf(dataFolder, doneTasks)).toBe(String(all));
  expect(await valueOf(dataFolder, "SELECT count(*) || ' ' || min(state) FROM pg_dist_background_job")).toBe(
    '1 finished',
  );
  expect(sentStatements(dataFolder).filter((sql) => sql.includes('citus_rebalance_start')).length).toBe(1);
  expect(await valueOf(dataFolder, rowsOfPermits)).toBe(rows);
  expect(
    await valueOf(
      dataFolder,
      `SELECT count(*) FROM (SELECT shardid FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)
         WHERE shardminvalue IS NOT NULL GROUP BY shardid HAVING count(*) <> 1) wrong`,
    ),
  ).toBe('0');
  expectNothingTwice();
});

test('a node dies during a rebalance: it is named, the job says that it tries again, and ends when it is back', async () => {
  const { page } = app;
  const rows = await valueOf(dataFolder, rowsOfPermits);
  const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
  const coordinator = await connectToNode(dataFolder);
  opened.push(coordinator);
  await coordinator.change({
    text: `SELECT citus_set_node_property('127.0.0.1', ${port}, 'shouldhaveshards', false)`,
  });
  await goTo(page, 'Rebalance');
  await chooseCitusPlan(page);
  await page.getByRole('button', { name: 'Plan again' }).click();
  await page.getByRole('button', { name: /^Review \d+ moves?$/ }).click({ timeout: 60_000 });
  await runButton(page).waitFor({ timeout: 60_000 });
  await writeToShardsOf('worker-3');
  await runButton(page).click();
  await page.getByRole('link', { name: 'Show its phases' }).click({ timeout: 60_000 });
  await page.getByRole('grid', { name: 'Tasks of the job' }).waitFor();
  await clusterCommand(page, /^Kill worker-3/);
  await page.getByRole('button', { name: 'Kill worker-3', exact: true }).click();

  await page
    .getByText(/failed and (is|are) tried again/)
    .first()
    .waitFor({ timeout: 60_000 });
  const message = page.getByRole('group', { name: "the server's text" });
  expect(((await message.textContent()) ?? '').length).toBeGreaterThan(10);
  await goTo(page, 'Nodes');
  await page.getByRole('row', { name: /unreachable.*worker-3/ }).click({ timeout: 60_000 });
  await page.locator('aside').getByText('Since', { exact: true }).waitFor();
  await openOperation(page, /^Rebalance/);
  await page.getByText(/A task of job \d+ failed and is tried again/).waitFor();

  await clusterCommand(page, /^Revive worker-3/);
  await operationDone(page, 150_000);
  await goTo(page, 'Nodes');
  // It takes no shards any more and now holds none.
  await page.getByRole('row', { name: /drained.*worker-3/ }).waitFor({ timeout: 60_000 });
  expect(
    await valueOf(dataFolder, 'SELECT state FROM pg_dist_background_job ORDER BY job_id DESC LIMIT 1'),
  ).toBe('finished');
  expect(await valueOf(dataFolder, rowsOfPermits)).toBe(rows);
  expectNothingTwice();
});

test('the coordinator dies and comes back: what was known stays in sight with its age, the session opens by itself', async () => {
  const { page } = app;
  await goTo(page, 'Topology');
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page
    .getByRole('row', { name: /worker-1/ })
    .first()
    .waitFor();
  await clusterCommand(page, /^Kill coordinator/);
  await page.getByRole('button', { name: 'Kill coordinator', exact: true }).click();
  const band = page.getByRole('region', { name: 'Session' });
  await band.getByText(/lost/i).waitFor({ timeout: 60_000 });
  await band.getByText(/What is shown is as of \d\d:\d\d:\d\d/).waitFor();
  await page
    .getByRole('row', { name: /worker-1/ })
    .first()
    .waitFor();
  await page
    .getByRole('row', { name: /worker-2/ })
    .first()
    .waitFor();
  // Nothing can be changed meanwhile, and the page says why.
  await goTo(page, 'Rebalance');
  await page.getByText('Not connected').first().waitFor();
  await goTo(page, 'Topology');

  await clusterCommand(page, /^Revive coordinator/);
  await page
    .getByRole('contentinfo', { name: 'Status' })
    .getByText(/^connected/)
    .waitFor({ timeout: 60_000 });
  await band.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Graph', exact: true }).click();
});

test('a second instance only brings the first to the front', async () => {
  await app.electron.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    if (!window) throw new Error('no window');
    const seen = globalThis as unknown as { focused: number };
    seen.focused = 0;
    const focus = window.focus.bind(window);
    window.focus = () => {
      seen.focused += 1;
      focus();
    };
  });
  const second = spawn(testRuntime(), [...rootArguments(), `--user-data-dir=${dataFolder}`, repository], {
    stdio: 'ignore',
  });
  await waitFor('the second instance to end', () => second.exitCode !== null, 30_000);
  expect(second.exitCode).toBe(0);
  await waitFor('the first to be focused', () =>
    app.electron.evaluate(() => (globalThis as unknown as { focused: number }).focused === 1),
  );
  expect(app.electron.windows().length).toBe(1);
  // The first goes on as before.
  expect(await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node')).toBe(memberCount());
});

test('nothing of the app runs after it was quit', async () => {
  expect(processesOf(dataFolder).length).toBeGreaterThan(4);
  await app.quit();
  await nothingLeftOf(dataFolder);
});

test('stored files that were cut short are kept aside and told of; practice clusters are found again', async () => {
  await app.quit();
  const file = join(dataFolder, 'profiles.json');
  const before = readFileSync(file, 'utf8');
  truncateSync(file, Math.floor(before.length / 2));
  writeFileSync(join(dataFolder, 'settings.json'), '{"version":1,"data":{"th');
  mkdirSync(join(dataFolder, 'operations'), { recursive: true });
  const journal = join(dataFolder, 'operations', 'spoiled.jsonl');
  writeFileSync(journal, 'no journal at all\n');
  app = await startApp({ dataFolder });
  const { page } = app;
  await page
    .getByText(/The list of clusters could not be read/)
    .first()
    .waitFor();
  // The other two were found before there was a window to tell.
  await page
    .getByText(/settings could not be read/)
    .first()
    .waitFor();
  await page.getByText('The journal of an operation cannot be read').first().waitFor();
  expect(readdirSync(dataFolder).some((name) => name.startsWith('settings.json.unreadable-'))).toBe(true);
  const aside = readdirSync(dataFolder).filter((name) => name.startsWith('profiles.json.unreadable-'));
  expect(aside.length).toBe(1);
  expect(readFileSync(join(dataFolder, aside[0] ?? ''), 'utf8')).toBe(
    before.slice(0, Math.floor(before.length / 2)),
  );
  await page
    .getByText(aside[0] ?? '')
    .first()
    .waitFor();
  await page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start Practice A' }).click();
  await page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 60_000 });
  expect(await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node')).toBe(memberCount());
});

test('servers do not outlive an app that was killed', async () => {
  await app.kill();
  app = await startApp({ dataFolder });
  await app.page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .waitFor();
  await waitFor(
    'the servers to be gone',
    () => processesOf(join(dataFolder, 'practice')).length === 0,
    30_000,
  );
  await app.quit();
  await nothingLeftOf(dataFolder);
  app = await startApp({ dataFolder });
});
