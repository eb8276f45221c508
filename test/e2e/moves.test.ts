/** Moves of the app's own plan in the real app: paused after one, gone on with, reported, and planned back. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { violationsInThemes } from '../support/accessible';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import {
  clusterCommand,
  goTo,
  operationDone,
  pictureOfFailure,
  runButton,
  startPractice,
} from '../support/e2e-driver';
import { connectToNode, recordedClusters, valueOf } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

const mostMoves = 4;
const everything = `SELECT (SELECT count(*) || ' ' || sum(hashtext(p::text)) FROM permits p)`;

let app: DrivenApp;
let dataFolder: string;
let rowsBefore: string | null = null;
/** Of the first plan. */
let moves = 0;
/** Shard groups moved in all, by both plans. */
let moved = 0;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
  await startPractice(app.page, dataFolder);
  rowsBefore = await valueOf(dataFolder, everything);
  // A move takes long enough to be looked at and to be paused in.
  const coordinator = await connectToNode(dataFolder);
  await coordinator.change({
    text: `ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '2000'`,
  });
  await coordinator.close();
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

/** Shard groups on the newest node, reference tables left out. */
async function groupsOnNewNode(): Promise<number> {
  const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
  const found = await valueOf(
    dataFolder,
    `SELECT count(DISTINCT (t.colocationid, s.shardminvalue))
       FROM pg_dist_placement l JOIN pg_dist_shard s USING (shardid) JOIN pg_dist_partition t USING (logicalrelid)
       JOIN pg_dist_node n USING (groupid) WHERE t.repmodel <> 't' AND n.nodeport = ${port}`,
  );
  return Number(found);
}

/** A shard group that waits, moved by hand to the one other worker that is not the new one. */
async function moveAside(shardId: string): Promise<void> {
  const database = await connectToNode(dataFolder);
  try {
    await database.change({
      text: `SELECT citus_move_shard_placement(p.shardid, s.nodeid, t.nodeid, 'block_writes')
               FROM pg_dist_placement p JOIN pg_dist_node s USING (groupid)
               JOIN pg_dist_node t ON t.groupid > 0 AND t.nodeid <> s.nodeid
                AND t.nodeid <> (SELECT max(nodeid) FROM pg_dist_node)
              WHERE p.shardid = ${shardId}`,
    });
  } finally {
    await database.close();
  }
}

test('our plan for a new node runs move by move, on three levels, readable for everybody', async () => {
  const { page } = app;
  await clusterCommand(page, /Start an empty node/);
  await page.getByRole('button', { name: /Add it to the cluster/ }).click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Review steps' }).click();
  await runButton(page).click({ timeout: 60_000 });
  await operationDone(page);
  await goTo(page, 'Rebalance');
  await page.getByRole('radio', { name: 'Fewest bytes' }).check({ timeout: 60_000 });
  await page.getByRole('tab', { name: 'Limits' }).click();
  await page.getByRole('textbox', { name: 'At most moves' }).fill(String(mostMoves));
  const review = page.getByRole('button', { name: /^Review \d+ moves$/ });
  moves = await waitFor(
    'a plan within the limit',
    async () => {
      const count = Number(/\d+/.exec(await review.innerText())?.[0]);
      return count <= mostMoves ? count : null;
    },
    60_000,
  );
  // One is paused after, and some are left.
  expect(moves).toBeGreaterThan(2);
  await review.click({ timeout: 60_000 });
  await runButton(page).click({ timeout: 60_000 });

  const table = page.getByRole('table', { name: 'Moves one by one' });
  await table.getByRole('row', { name: /moving.*(copies rows|sets up the copy|catches up)/ }).waitFor();
  await page.getByText(new RegExp(`^0 of ${moves} moves`)).waitFor();
  expect(await table.getByRole('row', { name: /waits/ }).count()).toBe(moves - 1);
  expect(await violationsInThemes(page, 'moves that run')).toBe('');
});

test('a pause lets the move that runs end, and nothing goes on unasked', async () => {
  const { page } = app;
  await page.getByRole('button', { name: 'Pause after this move' }).click();
  await page.locator('header.head').getByText('paused', { exact: true }).waitFor({ timeout: 30_000 });
  const done = await groupsOnNewNode();
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(moves);
  await page.getByText(new RegExp(`^${done} of ${moves} moves`)).waitFor();
  const table = page.getByRole('table', { name: 'Moves one by one' });
  expect(await table.getByRole('row', { name: /moving/ }).count()).toBe(0);

  const waiting = await table.getByRole('row', { name: /waits/ }).first().innerText();
  await moveAside(/\b\d{6}\b/.exec(waiting)?.[0] ?? '');

  await page.getByRole('button', { name: 'Go on…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Go on with the moves' });
  await dialog.getByText(`${done} of ${moves} moves done`).waitFor();
  // Somebody else moved one of them: the rest is no longer what was reviewed, and a fresh plan stands beside it.
  await dialog.getByText('Against the rest of the plan:').waitFor({ timeout: 60_000 });
  await dialog.getByRole('radio', { name: 'Rest of the plan' }).check();
  await dialog.getByText('What differs from the plan').waitFor();
  await dialog.getByRole('radio', { name: 'Planned afresh' }).check();
  expect(await violationsInThemes(page, 'what is left of paused moves, and a fresh plan')).toBe('');
  const goOn = dialog.getByRole('button', { name: /^Go on with \d moves? planned afresh$/ });
  moved = done + Number(/\d/.exec(await goOn.innerText())?.[0]);
  await goOn.click();
  await dialog.waitFor({ state: 'detached' });
  await operationDone(page, 120_000);
  await page.getByText(`Planned afresh after ${done} move`).waitFor();
});

test('the report shows the balance before and after, and the way back opens a review', async () => {
  const { page } = app;
  expect(await groupsOnNewNode()).toBe(moved);
  expect(await valueOf(dataFolder, everything)).toBe(rowsBefore);
  const nodes = page.getByRole('table', { name: 'Nodes before and after' });
  const newNode = nodes.getByRole('row').last();
  await waitFor(`${moved} groups on the new node in the report`, async () =>
    new RegExp(`\\b0\\s+${moved}$`).test((await newNode.innerText()).trim()),
  );
  await page
    .getByText(/^\d\.\d\d ×$/)
    .first()
    .waitFor();
  expect(await violationsInThemes(page, 'the report of moves')).toBe('');
  await page.getByRole('button', { name: 'Plan the way back' }).click();
  await page
    .getByRole('heading', { level: 1, name: `Move ${moved} shard groups` })
    .waitFor({ timeout: 60_000 });
  await runButton(page).waitFor();
});

test('no error reached the console of the page', () => {
  expect(app.pageErrors).toEqual([]);
});
