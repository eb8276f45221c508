/** The main job in the real app, with mouse and with keyboard alone; what came of it is read from the database. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import {
  auditTrail,
  chooseCitusPlan,
  clusterCommand,
  fromPalette,
  goTo,
  operationDone,
  pictureOfFailure,
  plainSql,
  reviewedSql,
  runButton,
  sentStatements,
  shownOperationId,
  splitStatements,
  startPractice,
  tabTo,
} from '../support/e2e-driver';
import { connectToNode, recordedClusters, valueOf } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

let app: DrivenApp;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
});

afterEach(({ task }) => pictureOfFailure(task, app?.page));

afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

async function onCoordinator(...statements: readonly string[]): Promise<void> {
  const database = await connectToNode(dataFolder);
  try {
    for (const text of statements) await database.change({ text });
  } finally {
    await database.close();
  }
}

/** From the review to the end of the operation; what was shown must be what was sent. */
async function runAndCompare(): Promise<string> {
  const { page } = app;
  const shown = await reviewedSql(page);
  expect(shown.length).toBeGreaterThan(0);
  await runButton(page).click();
  const operationId = await shownOperationId(page);
  await operationDone(page);
  const sent = sentStatements(dataFolder, operationId);
  const skipped = await skippedSql();
  // Counting is no change and is not recorded; what was found done already was not sent.
  expect(sent).toEqual(shown.filter((sql) => !/^SELECT count\(/.test(sql) && !skipped.includes(sql)));
  return operationId;
}

/** SQL of the steps of the shown operation that had nothing to do. */
async function skippedSql(): Promise<readonly string[]> {
  const { page } = app;
  const rows = page.getByRole('grid', { name: 'Steps of the operation' }).locator('tbody tr');
  const found: string[] = [];
  for (let index = 0; index < (await rows.count()); index += 1) {
    if (!/already so/.test(await rows.nth(index).innerText())) continue;
    await rows.nth(index).click();
    const code = page.getByRole('group', { name: `SQL of step ${index + 1}` });
    found.push(...splitStatements((await code.textContent()) ?? ''));
  }
  return found;
}

test('a practice cluster starts at a click', async () => {
  await startPractice(app.page, dataFolder);
  expect(
    await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node WHERE isactive AND metadatasynced'),
  ).toBe('3');
  expect(await valueOf(dataFolder, 'SELECT citus_version()')).toMatch(/\(practice emulator\)$/);
  await app.page.getByText('PRACTICE CLUSTER').waitFor();
});

test('an empty node is added as the review showed it', async () => {
  const { page } = app;
  await clusterCommand(page, /Start an empty node/);
  await page.getByRole('button', { name: /Add it to the cluster/ }).click({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Review steps' }).click();
  await runAndCompare();
  const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
  expect(
    await valueOf(
      dataFolder,
      `SELECT isactive AND metadatasynced AND shouldhaveshards FROM pg_dist_node WHERE nodeport = ${port}`,
    ),
  ).toBe('true');
  // Reference tables have a copy on every node that was there before, and on the new one.
  expect(
    await valueOf(
      dataFolder,
      `SELECT bool_and(n = (SELECT count(*) FROM pg_dist_node WHERE isactive)) FROM (
         SELECT count(*) n FROM pg_dist_placement JOIN pg_dist_shard USING (shardid)
           JOIN pg_dist_partition USING (logicalrelid) WHERE repmodel = 't' GROUP BY shardid) copies`,
    ),
  ).toBe('true');
});

test('a plain table is distributed as the review showed it, row by row', async () => {
  const { page } = app;
  await onCoordinator(
    `CREATE TABLE documents (document_id bigint GENERATED ALWAYS AS IDENTITY, agency_id bigint NOT NULL,
       title text NOT NULL, PRIMARY KEY (agency_id, document_id))`,
    `INSERT INTO documents (agency_id, title) SELECT 1 + i % 40, 'Document ' || i FROM generate_series(1, 5000) i`,
  );
  const before = await valueOf(
    dataFolder,
    'SELECT md5(string_agg(d::text, chr(10) ORDER BY document_id)) FROM documents d',
  );
  await goTo(page, 'Tables');
  await page.getByRole('tab', { name: /Plain/ }).click();
  await page.getByRole('button', { name: 'Distribute public.documents…' }).click();
  await page.getByRole('radio', { name: /agency_id/ }).check();
  await page.getByRole('button', { name: 'Review steps' }).click();
  await runAndCompare();
  expect(
    await valueOf(
      dataFolder,
      'SELECT md5(string_agg(d::text, chr(10) ORDER BY document_id)) FROM documents d',
    ),
  ).toBe(before);
  expect(
    await valueOf(
      dataFolder,
      "SELECT distribution_column FROM citus_tables WHERE table_name = 'documents'::regclass",
    ),
  ).toBe('agency_id');
  expect(
    Number(
      await valueOf(
        dataFolder,
        "SELECT count(DISTINCT shardid) FROM pg_dist_shard WHERE logicalrelid = 'documents'::regclass",
      ),
    ),
  ).toBeGreaterThan(1);
});

test('the keyboard alone is enough to distribute a table', async () => {
  const { page } = app;
  await onCoordinator('CREATE TABLE by_keys (agency_id bigint PRIMARY KEY, words text)');
  // The mouse is out of the way, and nothing below clicks.
  await page.mouse.move(1, 1);
  await fromPalette(page, 'Distribute a table');
  await page.getByRole('heading', { level: 1, name: 'Distribute a table' }).waitFor();
  const choice = page.getByRole('combobox', { name: 'Ordinary PostgreSQL table on the coordinator' });
  await choice.waitFor();
  await tabTo(page, choice);
  await page.keyboard.type('by_keys');
  await page.getByRole('heading', { level: 1, name: /by_keys/ }).waitFor();
  const column = page.getByRole('radio', { name: /agency_id/ });
  await column.waitFor();
  await tabTo(page, column);
  await page.keyboard.press('Space');
  expect(await column.isChecked()).toBe(true);
  await tabTo(page, page.getByRole('button', { name: 'Review steps' }));
  await page.keyboard.press('Enter');
  await runButton(page).waitFor({ timeout: 60_000 });
  await tabTo(page, runButton(page));
  await page.keyboard.press('Enter');
  await operationDone(page);
  expect(
    await valueOf(
      dataFolder,
      "SELECT distribution_column FROM citus_tables WHERE table_name = 'by_keys'::regclass",
    ),
  ).toBe('agency_id');
});

test('a rebalance runs to its end and fills the new node', async () => {
  const { page } = app;
  const rows = await valueOf(dataFolder, 'SELECT count(*) FROM documents');
  await goTo(page, 'Rebalance');
  await chooseCitusPlan(page);
  const review = page.getByRole('button', { name: /^Review \d+ moves?$/ });
  await review.waitFor({ timeout: 60_000 });
  const planned = Number(/\d+/.exec((await review.textContent()) ?? '')?.[0]);
  await review.click();
  await runAndCompare();
  expect(
    await valueOf(dataFolder, 'SELECT state FROM pg_dist_background_job ORDER BY job_id DESC LIMIT 1'),
  ).toBe('finished');
  expect(
    await valueOf(
      dataFolder,
      `SELECT count(*) FROM pg_dist_background_task WHERE status = 'done'
         AND job_id = (SELECT max(job_id) FROM pg_dist_background_job)`,
    ),
  ).toBe(String(planned));
  expect(
    await valueOf(
      dataFolder,
      `SELECT count(*) FROM pg_dist_node n WHERE shouldhaveshards AND isactive AND NOT EXISTS (
         SELECT FROM pg_dist_placement p JOIN pg_dist_shard USING (shardid)
          WHERE p.groupid = n.groupid AND shardminvalue IS NOT NULL)`,
    ),
  ).toBe('0');
  expect(await valueOf(dataFolder, 'SELECT count(*) FROM documents')).toBe(rows);
});

test('the audit trail holds every statement with its outcome, and is intact', async () => {
  const { page } = app;
  await goTo(page, 'Audit');
  await page.getByRole('button', { name: 'Verify' }).click();
  const verdict = page.getByText(/Intact: \d+ entr/);
  await verdict.waitFor();
  const entries = auditTrail(dataFolder);
  expect(await verdict.textContent()).toContain(`Intact: ${entries.length} entries`);
  for (const started of entries.filter(({ outcome }) => outcome === 'started')) {
    const answers = entries.filter(
      (entry) =>
        entry.sequence > started.sequence
        && entry.outcome === 'succeeded'
        && plainSql(entry.statement) === plainSql(started.statement),
    );
    expect(answers.length, started.statement).toBeGreaterThan(0);
  }
  await page
    .getByRole('row', { name: /citus_rebalance_start/ })
    .first()
    .click();
  await page
    .getByRole('group', { name: 'Statement' })
    .getByText(/citus_rebalance_start/)
    .waitFor();
});

test('no error reached the console of the page', async () => {
  await waitFor('the page to be calm', () => app.page.getByRole('status').count());
  expect(app.pageErrors).toEqual([]);
});
