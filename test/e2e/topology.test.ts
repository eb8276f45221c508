/** The topology of 200 nodes without a mouse: into the graph and out of it, and the same content in the table. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { violationsInThemes } from '../support/accessible';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { pictureOfFailure, tabTo } from '../support/e2e-driver';
import { lostHost, startLargeCluster } from '../support/large-cluster';
import type { LargeCluster } from '../support/large-cluster';
import { connectToLarge, everyNodeTried } from '../support/large-cluster-driver';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let cluster: LargeCluster;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  cluster = await startLargeCluster();
  app = await startApp({ dataFolder });
  await connectToLarge(app.page, cluster);
  await everyNodeTried(app.page);
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  await cluster?.end();
  removeDataFolder(dataFolder);
});

test('axe finds nothing, in any theme', async () => {
  expect(await violationsInThemes(app.page, 'topology of 200 nodes')).toBe('');
});

test('the graph, level by level and back, by keys alone', async () => {
  const { page } = app;
  const graph = page.getByRole('application');
  const path = page.getByRole('navigation', { name: 'Level of the graph' });
  await tabTo(page, graph);
  await page.keyboard.press('/');
  await page.keyboard.type('127.0.1.7');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 2, name: '127.0.1.7' }).waitFor();
  await page.keyboard.press('Enter');
  await path.getByText('127.0.1.7').waitFor();
  // What fails is in sight at every level.
  const failing = page.getByRole('list', { name: 'Nodes that fail' }).getByRole('button', { name: lostHost });
  await failing.waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await path.getByText(/permits/).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await path.getByText(/shard group \d+/).waitFor();
  await failing.waitFor();
  for (const level of [/permits/, /127\.0\.1\.7/]) {
    await page.keyboard.press('Escape');
    await path.locator('[aria-current]').getByText(level).waitFor();
  }
  await page.keyboard.press('Escape');
  await path.waitFor({ state: 'detached' });
});

test('the wheel leads into what fills the view, and out of it again', async () => {
  const { page } = app;
  const box = await page.getByRole('application').boundingBox();
  expect(box).not.toBeNull();
  const path = page.getByRole('navigation', { name: 'Level of the graph' });
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  // However slowly it answers: the wheel turns until the level is another.
  const turnUntil = (what: string, deltaY: number, isThere: () => Promise<boolean>): Promise<boolean> =>
    waitFor(what, async () => (await isThere()) || (await page.mouse.wheel(0, deltaY), false), 120_000, 20);
  await turnUntil('a node to be open', -240, async () => (await path.count()) > 0);
  await turnUntil('the cluster to be back', 240, async () => (await path.count()) === 0);
});

test('the table has the same nodes, and finds the one that fails', async () => {
  const { page } = app;
  const table = page.getByRole('button', { name: 'Table', exact: true });
  await tabTo(page, table);
  await page.keyboard.press('Enter');
  const grid = page.getByRole('grid', { name: /Nodes with their state/ });
  await grid.waitFor();
  expect(await grid.getAttribute('aria-rowcount')).toBe('201');
  await tabTo(page, grid.locator('tr[tabindex="0"]'));
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: /^Shard groups on/ }).waitFor();
  await page.getByRole('button', { name: 'all states' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemradio', { name: /unreachable/ }).waitFor();
  await page.keyboard.press('u');
  await page.keyboard.press('Enter');
  await waitFor('one row beside the head', async () => (await grid.getAttribute('aria-rowcount')) === '2');
  await grid.getByRole('row', { name: new RegExp(lostHost.replaceAll('.', '\\.')) }).waitFor();
});
