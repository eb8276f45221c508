/** A worker dies and comes back in the real app; the timeline tells both, and the slider shows the time between. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { ClusterNodeStates } from '../../src-main/contract/node-states';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { clusterCommand, fromPalette, goTo, pictureOfFailure, startPractice } from '../support/e2e-driver';
import { recordedClusters } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
  await startPractice(app.page, dataFolder);
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

async function openTimeline(page: Page): Promise<void> {
  await goTo(page, 'Topology');
  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Timeline' }).waitFor();
}

function change(page: Page, words: RegExp): ReturnType<Page['getByRole']> {
  return page.getByRole('grid', { name: 'Changes, newest first' }).getByRole('row', { name: words }).first();
}

/** The state of a worker as the table of the topology has it. */
async function stateInTable(page: Page, node: string): Promise<string> {
  const row = page
    .getByRole('grid', { name: 'Nodes with their state, data and moves' })
    .getByRole('row', { name: new RegExp(node) });
  return row.innerText();
}

/** Steps back change by change; a key is pressed only after the last one was answered, so that no change is passed over. */
async function stepBackTo(page: Page, slider: Locator, words: RegExp): Promise<void> {
  for (let text = await slider.getAttribute('aria-valuetext'); !words.test(text ?? '');) {
    await page.keyboard.press('ArrowLeft');
    const before = text;
    text = await waitFor('the slider to move', async () => {
      const now = await slider.getAttribute('aria-valuetext');
      return now === before ? null : now;
    });
  }
}

test('a worker that dies and comes back is in the timeline', async () => {
  const { page } = app;
  const worker =
    recordedClusters(dataFolder)[0]?.nodes.find(({ name }) => name !== 'coordinator')?.name ?? '';
  await clusterCommand(page, new RegExp(`^Kill ${worker}`));
  await page.getByRole('alertdialog').getByRole('button', { name: /^Kill/ }).click();
  await page.getByText('unreachable').first().waitFor({ timeout: 60_000 });
  await openTimeline(page);
  await change(page, new RegExp(`${worker} went away`)).waitFor({ timeout: 30_000 });
  await clusterCommand(page, new RegExp(`^Revive ${worker}`));
  await change(page, new RegExp(`${worker} came back`)).waitFor({ timeout: 60_000 });

  await page.getByRole('combobox', { name: 'Changes of' }).selectOption({ label: 'Tables' });
  expect(await change(page, /went away/).count()).toBe(0);
  await page.getByRole('combobox', { name: 'Changes of' }).selectOption({ label: 'Nodes' });
  await page.getByRole('searchbox', { name: 'Search changes' }).fill('went away');
  await change(page, /went away/).waitFor();
  expect(await change(page, /came back/).count()).toBe(0);
});

test('the slider shows the time between, and nothing can be changed from there', async () => {
  const { page } = app;
  await goTo(page, 'Topology');
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await waitFor(
    'the worker to be active',
    async () => !/unreachable/.test(await stateInTable(page, 'worker-1')),
  );
  const slider = page.getByRole('slider', { name: 'Moment shown' });
  await slider.focus();
  expect(await slider.getAttribute('aria-valuetext')).toBe('now');
  // By keyboard, change by change, to the moment at which it was gone.
  await stepBackTo(page, slider, /went away/);
  await page.getByText(/^As it was at/).waitFor();
  await waitFor('the worker of then', async () => /unreachable/.test(await stateInTable(page, 'worker-1')));
  // The whole window says so, not the page alone.
  await page
    .getByRole('banner')
    .getByText(/AS IT WAS/)
    .waitFor();
  await page
    .getByLabel('Status', { exact: true })
    .getByText(/as it was at/)
    .waitFor();
  expect(await page.getByRole('button', { name: 'Add node…' }).getAttribute('aria-disabled')).toBe('true');
  await page.keyboard.press('End');
  await page.getByText(/^As it was at/).waitFor({ state: 'detached' });
  await waitFor('the worker of now', async () => !/unreachable/.test(await stateInTable(page, 'worker-1')));
  expect(await page.getByRole('button', { name: 'Add node…' }).getAttribute('aria-disabled')).toBeNull();
});

test('whoever is about to change something from the past sees the cluster as it is first', async () => {
  const { page } = app;
  const slider = page.getByRole('slider', { name: 'Moment shown' });
  await slider.focus();
  await stepBackTo(page, slider, /went away/);
  await page.getByText(/^As it was at/).waitFor();
  await clusterCommand(page, /^Kill worker-1/);
  const question = page.getByRole('alertdialog');
  await question.waitFor();
  await page.getByText(/^As it was at/).waitFor({ state: 'detached' });
  expect(await page.getByText(/AS IT WAS/).count()).toBe(0);
  expect(await slider.getAttribute('aria-valuetext')).toBe('now');
  await question.getByRole('button', { name: 'Keep as it is' }).click();
  await question.waitFor({ state: 'detached' });
  // The palette runs the same commands; pages of changes are elsewhere, and show now.
  await slider.focus();
  await stepBackTo(page, slider, /went away/);
  await fromPalette(page, 'Add a node');
  await page.getByRole('heading', { level: 1, name: 'Add a node' }).waitFor();
  expect(await page.getByText(/AS IT WAS/).count()).toBe(0);
});

/** Since when main knows the coordinator to be active, counted from before a break in watching; null while it is not. */
async function activeSince(page: Page): Promise<string | null> {
  const states = await page.evaluate(async () => {
    const { shardboard } = window as unknown as {
      shardboard: { request: (name: string, input: unknown, callId: string) => Promise<{ value: never }> };
    };
    const clusterId = /cluster\/([^/]+)/.exec(location.hash)?.[1] ?? '';
    const { value } = await shardboard.request('cluster.states', { clusterId }, 'states');
    return (value as Pick<ClusterNodeStates, 'nodes'> | null)?.nodes ?? [];
  });
  const coordinator = states.find(({ role, state }) => /^coordinator/.test(role) && state === 'active');
  return coordinator?.before?.since ?? coordinator?.since ?? null;
}

test('the past is still there after the app was started again, and the time between is a gap', async () => {
  const since = await waitFor('the coordinator to be active', () => activeSince(app.page));
  await app.quit();
  app = await startApp({ dataFolder });
  const { page } = app;
  await page
    .getByRole('button', { name: /^Practice A/ })
    .first()
    .click();
  await page.getByRole('button', { name: 'Start Practice A' }).click();
  await page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 60_000 });
  // After a short break since when goes on; after a longer one it is told from before.
  const again = await waitFor('the coordinator to be active again', () => activeSince(page), 60_000);
  expect(again).toBe(since);
  await openTimeline(page);
  await change(page, /went away/).dblclick();
  await page.getByText(/^As it was at/).waitFor();
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await waitFor('the worker of then', async () => /unreachable/.test(await stateInTable(page, 'worker-1')));
  const between = await page.evaluate(async () => {
    const { shardboard } = window as unknown as {
      shardboard: { request: (name: string, input: unknown, callId: string) => Promise<{ value: never }> };
    };
    const clusterId = /cluster\/([^/]+)/.exec(location.hash)?.[1] ?? '';
    const { value } = await shardboard.request('history.read', { clusterId, limit: 1 }, 'spans');
    const { spans } = value as { spans: { from: string; to: string }[] };
    const at = new Date((Date.parse(spans[0]!.to) + Date.parse(spans[1]!.from)) / 2).toISOString();
    const past = await shardboard.request('history.past', { clusterId, at }, 'past');
    return (past.value as { outcome: string }).outcome;
  });
  expect(between).toBe('gap');
});

/** Chooses an entry of the page's Share menu; the dialog is answered with a file of this name. */
async function shared(page: Page, item: string, name: string): Promise<Buffer> {
  const path = join(dataFolder, name);
  await app.electron.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, path);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
  await waitFor(`the file ${name}`, () => existsSync(path), 30_000);
  return readFileSync(path);
}

test('pictures, tables and the health report are given to others, with no name of a host if so wanted', async () => {
  const { page } = app;
  await goTo(page, 'Topology');
  const svg = await shared(page, 'Save picture as SVG…', 'topology.svg');
  const titles = (recordedClusters(dataFolder)[0]?.nodes ?? []).map(({ name }) => name);
  expect(titles.length).toBe(3);
  const isWellFormed = await page.evaluate(
    (text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror') === null,
    svg.toString('utf8'),
  );
  expect(isWellFormed).toBe(true);
  for (const title of titles) expect(svg.toString('utf8')).toContain(`>${title}</text>`);

  const png = await shared(page, 'Save picture as PNG…', 'topology.png');
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  // At twice the size of the screen.
  expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(1_280);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Copy picture', exact: true }).click();
  await page.getByText('Picture copied').waitFor();

  const nodes = (await shared(page, 'Save nodes as CSV, names hidden…', 'nodes.csv')).toString();
  await goTo(page, 'Tables');
  await page.getByRole('link', { name: 'Schema graph', exact: true }).click();
  await page.getByText(/, 2 foreign keys/).waitFor({ timeout: 60_000 });
  const schema = (await shared(page, 'Save picture as SVG…', 'schema.svg')).toString();
  for (const table of ['permits', 'inspections', 'payments']) expect(schema).toContain(`>${table}</text>`);
  const drawn = await shared(page, 'Save picture as PNG…', 'schema.png');
  expect(drawn.subarray(1, 4).toString('latin1')).toBe('PNG');
  expect(drawn.readUInt32BE(16)).toBeGreaterThanOrEqual(1_280);

  expect(nodes.split('\r\n').length).toBe(titles.length + 2);
  await goTo(page, 'Health');
  await page.getByRole('button', { name: 'Share', exact: true }).waitFor({ timeout: 60_000 });
  const open = (await shared(page, 'Save as HTML page…', 'health.html')).toString();
  const hidden = (await shared(page, 'Save as HTML page, names hidden…', 'hidden.html')).toString();
  expect(open).toContain('127.0.0.1');
  for (const text of [nodes, hidden]) {
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain('postgres ');
    expect(text).not.toContain('Practice A');
  }
  expect(hidden).toMatch(/^<!doctype html>/);
  expect(hidden).not.toMatch(/<script|https?:/);
});

test('no error reached the console of the page', () => {
  expect(app.pageErrors).toEqual([]);
});
