/** The sample data taken through the real app as a person would: plain, advised, distributed, changed, plain again; row for row. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { goTo, operationDone, pictureOfFailure, runButton, startPractice } from '../support/e2e-driver';
import { fingerprint } from '../support/fingerprint';
import { connectToNode } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

/** Every table of the sample data; payments are plain there. */
const sample = [
  'agencies',
  'permit_types',
  'permits',
  'inspections',
  'audit_events',
  'holidays',
  'payments',
  'tenant_a.notes',
] as const;
const byAgency = ['agencies', 'audit_events', 'inspections', 'payments', 'permits'] as const;

/** What Citus knows once the design is carried out and its group has so many shards. */
const inShards = (count: number): readonly string[] =>
  [...byAgency.map((table) => `${table} h ${count}`), 'permit_types n 1'].toSorted();

let app: DrivenApp;
let dataFolder: string;
let database: Database;
let before: readonly string[];

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
  await app.page.setViewportSize({ width: 1440, height: 900 });
  await startPractice(app.page, dataFolder);
  database = await connectToNode(dataFolder);
  before = await prints();
  expect(before[2]).toMatch(/^permits 24000 rows \S+$/);
}, 300_000);

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await database?.close();
  await app?.quit();
  removeDataFolder(dataFolder);
});

async function prints(): Promise<readonly string[]> {
  const all: string[] = [];
  for (const table of sample) all.push(`${table} ${await fingerprint(database, table)}`);
  return all;
}

/** The logical tables that Citus knows, each with its method and its number of shards. */
async function known(): Promise<readonly string[]> {
  const rows = await database.read<{ readonly line: string }>({
    text: `SELECT concat_ws(' ', p.logicalrelid::text, p.partmethod, count(s.shardid)) AS line
             FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid
             LEFT JOIN pg_dist_shard s USING (logicalrelid)
            WHERE NOT c.relispartition GROUP BY p.logicalrelid, p.partmethod`,
  });
  return rows.map(({ line }) => line).toSorted();
}

/** Waits until the app counts as many tables and shards as the catalogs: a row of the list before is gone with its table. */
async function screenAgrees(): Promise<void> {
  const [counts] = await database.read<{ readonly tables: number; readonly shards: number }>({
    text: `SELECT (SELECT count(*) FROM pg_dist_partition)::int AS tables, (SELECT count(*) FROM pg_dist_shard)::int AS shards`,
  });
  await app.page
    .getByRole('contentinfo', { name: 'Status' })
    .getByText(new RegExp(` · ${counts?.tables} tables? · ${counts?.shards} shards?$`))
    .waitFor({ timeout: 120_000 });
}

/** Chooses the table in the list and opens a page of its Change menu. */
async function openChange(table: string, item: string): Promise<void> {
  const { page } = app;
  await goTo(page, 'Tables');
  await screenAgrees();
  await page
    .getByRole('treegrid', { name: 'Tables known to Citus' })
    .getByRole('row', { name: new RegExp(`^(Show \\d+ partitions )?${table}(?![a-z_])`) })
    .click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Change…' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  await page.getByRole('heading', { level: 1, name: new RegExp(`^${item.replace('…', '')}`) }).waitFor();
}

/** Asks for the review, takes every fix that is offered into the plan, runs it, and waits for its end. */
async function reviewAndRun(): Promise<void> {
  const { page } = app;
  await page.getByRole('button', { name: 'Review steps' }).click();
  await waitFor(
    'a review that can be run',
    async () => {
      if ((await runButton(page).count()) > 0) return true;
      const fix = page.getByRole('button', { name: /into the plan$/ }).first();
      // Gone or busy meanwhile: the next look sees what came of it.
      if ((await fix.count()) > 0 && (await fix.isEnabled())) await fix.click({ timeout: 5_000 });
      return false;
    },
    120_000,
  );
  await run();
}

async function run(): Promise<void> {
  await runButton(app.page).click({ timeout: 60_000 });
  await operationDone(app.page, 300_000);
}

async function undistribute(table: string): Promise<void> {
  await openChange(table, 'Undistribute…');
  await app.page.getByRole('radio', { name: /^With every table that foreign keys tie to it/ }).check();
  await reviewAndRun();
}

/** Undistributes table after table of the list that is asked for, those that went along with another left out. */
async function undistributeEach(tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    if ((await known()).some((line) => line.startsWith(`${table} `))) await undistribute(table);
    expect(await prints()).toEqual(before);
  }
}

test('the sample schema is undistributed to plain PostgreSQL', async () => {
  const { page } = app;
  expect(await known()).toContain('permits h 12');
  await undistributeEach(['permits', 'agencies', 'audit_events', 'holidays']);
  await openChange('tenant_a.notes', 'Undistribute its schema…');
  await reviewAndRun();
  expect(await known()).toEqual([]);
  expect(await prints()).toEqual(before);
  await goTo(page, 'Tables');
  await screenAgrees();
  await page.getByText('No table is distributed yet').waitFor({ timeout: 60_000 });
}, 600_000);

test('it is advised, and distributed as advised', async () => {
  const { page } = app;
  await database.change({ text: 'ANALYZE' });
  await page.getByRole('link', { name: 'Advisor', exact: true }).click();
  const grid = page.getByRole('grid', { name: 'Tables of the design' });
  await grid.waitFor({ timeout: 120_000 });
  const row = (name: string): Promise<string> =>
    grid.getByRole('row', { name: new RegExp(`^${name}(?![a-z_])`) }).innerText();
  for (const table of byAgency) {
    expect(await row(table)).toMatch(/distributed[\s\S]*agency_id/);
  }
  expect(await row('permit_types')).toMatch(/reference/);
  await page.getByRole('button', { name: 'Review 6 changes' }).click();
  await run();
  const distributed = (await known()).map((line) => line.replace(/ \d+$/, ''));
  expect(distributed).toEqual([...byAgency.map((table) => `${table} h`), 'permit_types n'].toSorted());
  expect(await prints()).toEqual(before);
}, 600_000);

test('its group is changed to 16 shards', async () => {
  await openChange('permits', 'Change the shard count…');
  await app.page.getByRole('textbox', { name: 'Shard count' }).fill('16');
  await app.page.getByRole('radio', { name: /^Change the whole group/ }).check();
  await reviewAndRun();
  expect(await known()).toEqual(inShards(16));
  expect(await prints()).toEqual(before);
}, 600_000);

test('one tenant is isolated, on the node it was not on', async () => {
  const { page } = app;
  const shardOf7 = async (): Promise<{ readonly nodeId: number; readonly isAlone: boolean } | undefined> => {
    const [row] = await database.read<{ readonly nodeId: number; readonly isAlone: boolean }>({
      text: `SELECT n.nodeid AS "nodeId", s.shardminvalue = s.shardmaxvalue AS "isAlone"
               FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
              WHERE s.shardid = get_shard_id_for_distribution_column('permits', 7::bigint)`,
    });
    return row;
  };
  const at = await shardOf7();
  expect(at?.isAlone).toBe(false);
  const [other] = await database.read<{ readonly nodeId: number }>({
    text: `SELECT nodeid AS "nodeId" FROM pg_dist_node WHERE shouldhaveshards AND nodeid <> $1 ORDER BY nodeid LIMIT 1`,
    values: [at?.nodeId ?? null],
  });
  await openChange('permits', 'Isolate a tenant…');
  await page.getByRole('combobox', { name: 'Value of the distribution column' }).fill('7');
  await page.getByRole('combobox', { name: 'Node', exact: true }).selectOption(String(other?.nodeId));
  await page.getByRole('radio', { name: /^With writes waiting/ }).check();
  await reviewAndRun();
  expect(await shardOf7()).toEqual({ nodeId: other?.nodeId, isAlone: true });
  // What was one shard is the tenant and what lies on either side of it.
  expect(await known()).toEqual(inShards(18));
  expect(await prints()).toEqual(before);
}, 600_000);

test('it is undistributed again', async () => {
  await undistributeEach(byAgency.toReversed());
  await undistributeEach(['permit_types']);
  expect(await known()).toEqual([]);
  expect(await prints()).toEqual(before);
  await screenAgrees();
}, 600_000);
