/** axe on every screen in every theme: no violation of WCAG 2.1 A and AA. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { useTheme, violations, violationsInThemes } from '../support/accessible';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import {
  chooseCitusPlan,
  clusterCommand,
  fromPalette,
  goTo,
  operationDone,
  pictureOfFailure,
  runButton,
} from '../support/e2e-driver';
import { connectToNode } from '../support/practice-endpoint';

let app: DrivenApp;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  const services = join(dataFolder, 'pg_service.conf');
  writeFileSync(services, '[payroll]\nhost=127.0.0.1\nport=1\ndbname=payroll\nuser=clerk\n');
  app = await startApp({ dataFolder, env: { PGSERVICEFILE: services } });
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

/** Looks at what is shown now in every theme. */
async function expectAccessible(screen: string): Promise<void> {
  expect(await violationsInThemes(app.page, screen)).toBe('');
}

async function closeDialog(): Promise<void> {
  await app.page.keyboard.press('Escape');
  await app.page.locator('dialog[open]').waitFor({ state: 'detached' });
}

describe('without a cluster', () => {
  test('welcome', async () => {
    await app.page.getByRole('button', { name: 'Start a practice cluster' }).waitFor();
    await expectAccessible('welcome');
  });

  test('connecting: the form, what was found on this machine, and a test that failed', async () => {
    const { page } = app;
    await page.getByRole('button', { name: 'Connect…' }).click();
    await page.getByRole('heading', { name: 'Found on this machine' }).waitFor();
    await expectAccessible('connect dialog with imports');
    await page.getByRole('button', { name: /payroll/ }).click();
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('checkbox', { name: /password/i }).check();
    await page.getByRole('textbox', { name: 'Passphrase of the new vault' }).waitFor();
    await expectAccessible('connect dialog with a new vault');
    await page.getByRole('checkbox', { name: /password/i }).uncheck();
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await expectAccessible('connect dialog with a failed test');
    await closeDialog();
  });

  test.each([
    ['settings', 'Settings…', 'Settings'],
    ['about', 'About Shardboard', 'About Shardboard'],
    ['shortcuts', 'Keyboard shortcuts', 'Keyboard shortcuts'],
    ['notices, empty', 'Show notices', 'Notices'],
  ])('%s', async (screen, command, title) => {
    await fromPalette(app.page, command);
    await app.page.getByRole('dialog', { name: title }).waitFor();
    if (screen === 'about') {
      const first = app.page.locator('details').first();
      await first.locator('summary').click();
    }
    await expectAccessible(screen);
    await closeDialog();
  });

  test('a practice cluster that is being made', async () => {
    const { page } = app;
    await page.getByRole('button', { name: 'Start a practice cluster' }).click();
    await page.getByRole('progressbar').first().waitFor();
    await useTheme(page, 'light');
    expect(await violations(page)).toBe('');
  });
});

describe('with a practice cluster', () => {
  beforeAll(async () => {
    await app.page.getByRole('heading', { name: 'Topology' }).waitFor({ timeout: 90_000 });
  });

  test('topology: graph, matrix, treemap, table, with a node chosen, and a node opened', async () => {
    const { page } = app;
    await page
      .getByText(/, \d+(\.\d)? [kM]B/)
      .first()
      .waitFor({ timeout: 90_000 });
    await fromPalette(page, 'worker-1');
    await page.getByRole('heading', { name: 'Nodes' }).waitFor();
    await goTo(page, 'Topology');
    await page.getByRole('button', { name: 'Matrix', exact: true }).click();
    await page.getByRole('rowheader', { name: /worker-1/ }).click();
    await expectAccessible('topology matrix');
    await page.getByRole('button', { name: 'Treemap', exact: true }).click();
    await page.getByRole('option').first().click();
    await expectAccessible('topology treemap');
    await page.getByRole('button', { name: 'Table', exact: true }).click();
    await page
      .getByRole('row', { name: /worker-1/ })
      .first()
      .click();
    await page
      .getByRole('grid', { name: /Shard groups/ })
      .getByRole('row')
      .nth(1)
      .click();
    await page.getByRole('table', { name: /Placements/ }).waitFor();
    await expectAccessible('topology table');
    await page
      .getByRole('row', { name: /worker-1/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Graph', exact: true }).click();
    await page.getByRole('application').waitFor();
    await expectAccessible('topology graph');
    await page.getByRole('button', { name: 'What the words mean…' }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible('what the words of the topology mean');
    await closeDialog();
    await page.getByRole('button', { name: /^Open its/ }).click();
    await page.getByRole('navigation', { name: 'Level of the graph' }).waitFor();
    await expectAccessible('topology, a level opened');
    await page.getByRole('button', { name: 'Cluster', exact: true }).click();
  });

  test('nodes', async () => {
    const { page } = app;
    await goTo(page, 'Nodes');
    await page
      .getByRole('row', { name: /worker-2/ })
      .first()
      .click();
    await expectAccessible('nodes');
  });

  test('tables, of Citus and plain', async () => {
    const { page } = app;
    const database = await connectToNode(dataFolder);
    try {
      await database.change({ text: 'CREATE TABLE plain_one (id bigint PRIMARY KEY, words text)' });
    } finally {
      await database.close();
    }
    await goTo(page, 'Tables');
    await page.getByRole('treegrid').getByRole('row').nth(1).click();
    await expectAccessible('tables');
    await page.getByRole('tab', { name: /Plain/ }).click();
    await page.getByRole('button', { name: /^Distribute public\.plain_one/ }).waitFor();
    await expectAccessible('plain tables');
  });

  test('shards, schema graph and routing', async () => {
    const { page } = app;
    const open = async (name: string): Promise<void> => {
      await page.getByRole('link', { name, exact: true }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
    };
    await goTo(page, 'Tables');
    await page.getByRole('tab', { name: /^Citus tables/ }).click();
    await page.getByRole('combobox', { name: 'Grouping' }).selectOption('group');
    await expectAccessible('tables in sections');
    await open('Shards');
    await page.getByRole('row').nth(2).click();
    await expectAccessible('shards');
    await open('Schema graph');
    await page.getByRole('application').waitFor();
    await expectAccessible('schema graph');
    await page.getByRole('button', { name: 'List', exact: true }).click();
    await page
      .getByRole('treegrid')
      .getByRole('row', { name: /permits_code_fk/ })
      .click();
    await expectAccessible('schema graph as a list');
    await open('Routing');
    await page.getByRole('combobox', { name: 'Table' }).selectOption({ label: 'permits by agency_id' });
    await page.getByRole('textbox', { name: /^Value/ }).fill('7');
    await page.keyboard.press('Enter');
    await page.getByText('the server and the hash computed here agree').waitFor();
    await expectAccessible('route of a value');
    await page.getByRole('textbox', { name: /^Value/ }).fill('seven');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await expectAccessible('a value that is none');
    await page.getByRole('tab', { name: 'A statement' }).click();
    await page.getByRole('textbox', { name: 'Statement' }).fill('SELECT count(*) FROM permits');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/shard groups at once/).waitFor();
    await page.getByText('The plan as the server gave it').click();
    await expectAccessible('route of a statement');
  });

  test('the distribution advisor and its comparison', async () => {
    const { page } = app;
    await goTo(page, 'Tables');
    await page.getByRole('link', { name: 'Advisor', exact: true }).click();
    await page.getByRole('grid', { name: 'Tables of the design' }).waitFor({ timeout: 60_000 });
    await page.getByRole('region', { name: /^Why .* becomes what it becomes$/ }).waitFor();
    await expectAccessible('advisor');
    await page.getByRole('button', { name: 'Compare designs' }).click();
    await page.getByRole('region', { name: 'Designs side by side' }).waitFor();
    await expectAccessible('advisor, designs side by side');
    await goTo(page, 'Nodes');
  });

  test('palette and menus', async () => {
    const { page } = app;
    await page.keyboard.press('Control+K');
    await page.getByRole('option', { selected: true }).waitFor();
    await expectAccessible('palette');
    await closeDialog();
    await page.getByRole('button', { name: 'Commands for Practice A' }).click();
    await page.getByRole('menuitem').first().waitFor();
    await expectAccessible('menu of a cluster');
    await page.keyboard.press('Escape');
  });

  test('a question before something is lost', async () => {
    await clusterCommand(app.page, /^Delete/);
    await app.page.getByRole('alertdialog').waitFor();
    await expectAccessible('confirmation');
    await closeDialog();
  });

  test('distribute, its review, its operation, the list of operations', async () => {
    const { page } = app;
    await goTo(page, 'Tables');
    await page.getByRole('tab', { name: /Plain/ }).click();
    await page.getByRole('button', { name: /^Distribute public\.plain_one/ }).click();
    await page.getByRole('radio', { name: /^id / }).waitFor();
    await expectAccessible('distribute');
    await page.getByRole('button', { name: 'Review steps' }).click();
    await runButton(page).waitFor({ timeout: 60_000 });
    await expectAccessible('review of a distribution');
    await runButton(page).click();
    await operationDone(page);
    await expectAccessible('operation');
    await goTo(page, 'Operations');
    await page.getByRole('row', { name: /plain_one/ }).click();
    await expectAccessible('operations');
  });

  test('a set of tables: the form, its refusal with fixes, its review; a change of a table', async () => {
    const { page } = app;
    const database = await connectToNode(dataFolder);
    try {
      await database.change({
        text: `CREATE TABLE plain_parent (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant bigint NOT NULL);
               CREATE TABLE plain_child (id bigint PRIMARY KEY, tenant bigint NOT NULL, parent bigint REFERENCES plain_parent)`,
      });
    } finally {
      await database.close();
    }
    await goTo(page, 'Tables');
    await page.getByRole('tab', { name: /Plain/ }).click();
    await page.getByRole('button', { name: 'Plan a set of tables…' }).click();
    for (const name of ['plain_parent', 'plain_child']) {
      await page.getByRole('combobox', { name: `${name} becomes` }).selectOption('distributed');
      const column = page.getByRole('combobox', { name: `Distribution column of ${name}` });
      await column.locator('option[value="tenant"]').waitFor({ state: 'attached', timeout: 30_000 });
      await column.selectOption('tenant');
    }
    await expectAccessible('a set of tables');
    await page.getByRole('button', { name: 'Review steps' }).click();
    await page.getByText(/not possible yet/).waitFor({ timeout: 60_000 });
    await expectAccessible('a set of tables, refused');
    const fixes = page.getByRole('button', { name: /into the plan$/ }).first();
    for (let round = 0; round < 6 && (await runButton(page).count()) === 0; round += 1) {
      await fixes.click();
      await runButton(page)
        .or(page.getByText(/not possible yet/))
        .first()
        .waitFor({ timeout: 60_000 });
    }
    await page.getByRole('button', { name: 'Number it by a sequence' }).waitFor();
    await expectAccessible('review of a set of tables');
    await goTo(page, 'Tables');
    await page
      .getByRole('row', { name: /permits/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Change…' }).click();
    await page.getByRole('menuitem', { name: 'Undistribute…' }).waitFor();
    await expectAccessible('menu of changes');
    await page.getByRole('menuitem', { name: 'Isolate a tenant…' }).click();
    await page.getByText(/^Largest/).waitFor({ timeout: 30_000 });
    await expectAccessible('isolating a tenant');
    await goTo(page, 'Tables');
    await page
      .getByRole('row', { name: /permits/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Change…' }).click();
    await page.getByRole('menuitem', { name: 'Undistribute…' }).click();
    await page.getByRole('button', { name: 'Review steps' }).click();
    await page
      .getByText(/identity column/)
      .first()
      .waitFor({ timeout: 60_000 });
    await expectAccessible('a change, refused');
  });

  test('add a node: the form, a refusal, the review, the notice that offers it', async () => {
    const { page } = app;
    await fromPalette(page, 'Add a node');
    await page.getByRole('textbox', { name: 'Host' }).fill('127.0.0.1');
    await page.getByRole('textbox', { name: 'Port' }).fill('1');
    await page.getByRole('button', { name: 'Review steps' }).click();
    await page.getByText(/not possible yet/).waitFor({ timeout: 60_000 });
    await expectAccessible('add node, refused');
    await clusterCommand(page, /Start an empty node/);
    await page.getByRole('button', { name: /Add it to the cluster/ }).waitFor({ timeout: 60_000 });
    await expectAccessible('a notice');
    await page.getByRole('button', { name: /Add it to the cluster/ }).click();
    await page.getByRole('button', { name: 'Review steps' }).click();
    await runButton(page).waitFor({ timeout: 60_000 });
    await expectAccessible('review of a node');
    await runButton(page).click();
    await operationDone(page);
  });

  test('rebalance: its plan, its review, while it runs and after', async () => {
    const { page } = app;
    await goTo(page, 'Rebalance');
    await page.getByRole('button', { name: /^Review \d+ moves?$/ }).waitFor({ timeout: 60_000 });
    await expectAccessible('rebalance plan');
    await page.getByRole('tab', { name: 'Limits' }).click();
    await expectAccessible('limits of a plan');
    await page.getByRole('tab', { name: 'Nodes' }).click();
    await page.getByRole('combobox', { name: 'Part of worker-1' }).selectOption('freeze');
    await page.getByRole('radio', { name: 'Fewest bytes' }).check();
    await expectAccessible('rules for nodes');
    await page.getByRole('combobox', { name: 'Part of worker-1' }).selectOption('none');
    await page.getByRole('tab', { name: 'What if' }).click();
    await page.getByRole('slider', { name: 'New nodes' }).focus();
    await page.keyboard.press('ArrowRight');
    await page
      .getByRole('row', { name: /new node 1/ })
      .first()
      .waitFor();
    await expectAccessible('what if');
    await page.getByRole('button', { name: 'Topology', exact: true }).click();
    await page.getByRole('img', { name: /^The nodes and the moves/ }).waitFor();
    await expectAccessible('a plan on the topology');
    await page.getByRole('button', { name: 'Bars', exact: true }).click();
    await page.getByRole('button', { name: 'As it is' }).click();
    await chooseCitusPlan(page);
    await page.getByRole('button', { name: /^Review \d+ moves?$/ }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: /^Review \d+ moves?$/ }).click();
    await runButton(page).waitFor({ timeout: 60_000 });
    await expectAccessible('review of a rebalance');
    await runButton(page).click();
    await page.getByRole('link', { name: 'Show its phases' }).click();
    await page.getByRole('grid', { name: 'Tasks of the job' }).waitFor();
    await useTheme(page, 'dark');
    expect(await violations(page)).toBe('');
    await useTheme(page, 'light');
    await page.getByText(/job \d+ runs/).waitFor({ state: 'detached', timeout: 120_000 });
    await expectAccessible('rebalance, after');
  });

  test('audit, verified, with an entry chosen', async () => {
    const { page } = app;
    await goTo(page, 'Audit');
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByText(/Intact: \d+ entr/).waitFor();
    await page.getByRole('grid').getByRole('row').nth(1).click();
    await expectAccessible('audit');
  });

  test('the timeline, the topology as it was, what it can be given as', async () => {
    const { page } = app;
    await goTo(page, 'Topology');
    await page.getByRole('link', { name: 'Timeline', exact: true }).click();
    const changes = page.getByRole('grid', { name: 'Changes, newest first' });
    await changes.getByRole('row').nth(1).click();
    await expectAccessible('timeline');
    await page.getByRole('button', { name: 'Show the topology then' }).click();
    await page.getByText(/^As it was at/).waitFor();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await expectAccessible('topology as it was');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.getByText(/^As it was at/).waitFor({ state: 'detached' });
  });

  test('notices, with some', async () => {
    await fromPalette(app.page, 'Show notices');
    await app.page.getByRole('dialog', { name: 'Notices' }).waitFor();
    await expectAccessible('notices');
    await closeDialog();
  });

  test('a node that is away, a cluster that is stopped', async () => {
    const { page } = app;
    await clusterCommand(page, /^Kill worker-1/);
    await page.getByRole('button', { name: 'Kill worker-1', exact: true }).click();
    await goTo(page, 'Nodes');
    await page.getByRole('row', { name: /unreachable.*worker-1/ }).click({ timeout: 60_000 });
    await expectAccessible('nodes, one unreachable');
    await goTo(page, 'Topology');
    await page.getByRole('button', { name: 'Graph', exact: true }).click();
    await page
      .getByText(/unreachable/)
      .first()
      .waitFor();
    await expectAccessible('topology, one unreachable');
    await goTo(page, 'Health');
    const fault = page
      .getByRole('list', { name: 'Findings, worst first' })
      .getByText('worker-1 does not answer');
    await fault.waitFor({ timeout: 60_000 });
    await fault.click();
    await expectAccessible('health, a node that does not answer');
    // Found fine where the node that is away is the only one not reached, and folded away then.
    const folded = page.getByRole('button', { name: /checks are fine/, expanded: false });
    if ((await folded.count()) > 0) await folded.click();
    await page
      .getByText(/reach each other/)
      .first()
      .click();
    await page.getByRole('button', { name: 'Show who reaches whom…' }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible('who reaches whom');
    await closeDialog();
    await clusterCommand(page, /^Stop$/);
    await page.getByRole('button', { name: 'Start Practice A' }).waitFor({ timeout: 60_000 });
    await expectAccessible('topology of a stopped cluster');
    await page.getByRole('link', { name: /to the welcome page/ }).click();
    await page.getByRole('heading', { name: 'Practise first' }).waitFor();
    await expectAccessible('welcome with clusters');
  });
});

test('axe would see a fault', async () => {
  const { page } = app;
  await page.evaluate(() => {
    const picture = document.createElement('img');
    picture.id = 'fault';
    document.querySelector('main')?.append(picture);
  });
  expect(await violations(page)).toContain('image-alt');
  await page.evaluate(() => document.getElementById('fault')?.remove());
});
