/** The pages about tables in the real app; what they show is held against the database. */
import { expect, test } from 'vitest';
import { goTo, tabTo } from '../support/e2e-driver';
import { connectToNode, valueOf } from '../support/practice-endpoint';
import { usePractisedApp } from '../support/practised-app';
import { waitFor } from '../support/wait';

const practised = usePractisedApp();

test('tables are filtered, put into sections and opened by the keyboard', async () => {
  const { page } = practised;
  await goTo(page, 'Tables');
  const grid = page.getByRole('treegrid', { name: 'Tables known to Citus' });
  await grid.waitFor();
  const known = await valueOf(practised.dataFolder, 'SELECT count(*) FROM pg_dist_partition');
  await page.getByRole('tab', { name: new RegExp(`^Citus tables ?${known}$`) }).waitFor();

  // Partitions stand below their table, folded, until something is looked for.
  await grid.getByRole('row', { name: /^Show 2 partitions audit_events/ }).waitFor();
  expect(await grid.getByRole('row', { name: /audit_events_2026_01/ }).count()).toBe(0);
  await page.getByRole('searchbox', { name: 'Filter tables' }).fill('audit 2026');
  await grid.getByRole('row', { name: /audit_events_2026_02/ }).waitFor();
  await page.getByText(`2 of ${known}`).waitFor();
  await page.getByRole('searchbox', { name: 'Filter tables' }).fill('');

  await page.getByRole('combobox', { name: 'Grouping' }).selectOption('group');
  const section = grid.getByRole('row', { name: /^agencies, 6, group/ });
  await tabTo(page, section);
  await page.keyboard.press('ArrowLeft');
  await grid.getByRole('row', { name: /^permits/ }).waitFor({ state: 'detached' });
  await page.keyboard.press('ArrowRight');
  await grid.getByRole('row', { name: /^permits/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await grid.getByRole('row', { name: /audit_events_2026_01/ }).waitFor();
  await page.keyboard.press('Enter');
  await page
    .getByRole('complementary', { name: 'Details' })
    .getByRole('heading', { name: 'audit_events' })
    .waitFor();

  // Rows come from the nodes' own statistics.
  await waitFor(
    'the estimate of permits',
    async () => /24.000/.test(await grid.getByRole('row', { name: /^permits/ }).innerText()),
    60_000,
  );
});

test('the shards of a table are those of the catalogs', async () => {
  const { page } = practised;
  await page.getByRole('row', { name: /^permits/ }).click();
  await page.getByRole('button', { name: 'List its shards' }).click();
  await page.getByRole('heading', { level: 1, name: 'Shards' }).waitFor();
  const ids = await valueOf(
    practised.dataFolder,
    "SELECT string_agg(shardid::text, ' ' ORDER BY shardid) FROM pg_dist_shard WHERE logicalrelid = 'permits'::regclass",
  );
  const cells = page.getByRole('grid', { name: 'Shards' }).locator('tbody tr.row td:first-child');
  await waitFor('the shards of permits', async () => (await cells.allInnerTexts()).join(' ') === ids);
  expect(await page.getByRole('button', { name: /drop/i }).count()).toBe(0);
});

test('the routing lens finds the shard of a value, counts its rows, and explains a value that is none', async () => {
  const { page } = practised;
  await page.getByRole('link', { name: 'Routing', exact: true }).click();
  await page.getByRole('combobox', { name: 'Table' }).selectOption({ label: 'permits by agency_id' });
  const value = page.getByRole('textbox', { name: 'Value of its distribution column' });
  await value.fill('7');
  await page.keyboard.press('Enter');
  const shard = await valueOf(
    practised.dataFolder,
    "SELECT get_shard_id_for_distribution_column('permits', 7::bigint)",
  );
  await page.getByText('the server and the hash computed here agree').waitFor();
  await page.getByText(String(shard), { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Count its rows' }).click();
  const rows = await valueOf(practised.dataFolder, 'SELECT count(*) FROM permits WHERE agency_id = 7');
  const counted = page.getByText('have this value');
  await counted.waitFor();
  expect((await counted.innerText()).replaceAll(/\D/g, '')).toBe(rows);
  await value.fill('seven');
  await page.keyboard.press('Enter');
  await page.getByText('“seven” is no value of agency_id, which is of type bigint.').waitFor();
});

test('the routing lens shows the shards of a statement and never runs it', async () => {
  const { page } = practised;
  await page.getByRole('tab', { name: 'A statement' }).click();
  const statement = page.getByRole('textbox', { name: 'Statement' });
  const before = await valueOf(practised.dataFolder, 'SELECT count(*) FROM permits');
  await statement.fill('DELETE FROM permits WHERE agency_id = 7');
  await page.keyboard.press('Control+Enter');
  await page.getByText('Runs on one shard group').waitFor();
  await page.getByText('1 of 2 nodes touched').waitFor();
  await statement.fill('SELECT 1; DELETE FROM permits');
  await page.keyboard.press('Control+Enter');
  await page.getByText('There is more than one statement.').waitFor();
  await statement.fill('TRUNCATE permits');
  await page.keyboard.press('Control+Enter');
  await page.getByText('TRUNCATE is no statement that is routed to shards.').waitFor();
  expect(await valueOf(practised.dataFolder, 'SELECT count(*) FROM permits')).toBe(before);
});

test('the schema graph has its problems on the edges, and the same in words', async () => {
  const { page } = practised;
  const database = await connectToNode(practised.dataFolder);
  try {
    for (const text of [
      'CREATE TABLE channels (id bigint PRIMARY KEY, name text)',
      "SELECT create_reference_table('channels')",
      'CREATE TABLE calls (agency_id bigint, call_id bigint, channel integer, PRIMARY KEY (agency_id, call_id))',
      "SELECT create_distributed_table('calls', 'agency_id', colocate_with => 'permits')",
      'ALTER TABLE calls ADD CONSTRAINT calls_channel_fk FOREIGN KEY (channel) REFERENCES channels (id)',
    ]) {
      await database.change({ text });
    }
  } finally {
    await database.close();
  }
  await page.getByRole('link', { name: 'Schema graph', exact: true }).click();
  await page.getByText(/3 foreign keys, 1 problem/).waitFor({ timeout: 60_000 });
  const details = page.getByRole('complementary', { name: 'Details' });
  await details.getByRole('button', { name: /calls → channels/ }).click();
  await details.getByText('channel is integer, id is bigint').waitFor();

  // Found by name, then moved between by arrows; what is selected is read out.
  await page.getByRole('searchbox', { name: 'Find a table' }).fill('inspec');
  await page.keyboard.press('Enter');
  await details.getByRole('heading', { name: 'inspections' }).waitFor();
  await page.getByRole('application').press('ArrowUp');
  await details.getByRole('heading', { name: 'permits' }).waitFor();

  await page.getByRole('searchbox', { name: 'Find a table' }).fill('');
  await page.getByRole('button', { name: 'List', exact: true }).click();
  const row = page
    .getByRole('treegrid')
    .getByRole('row', { name: /calls_channel_fk channels channel types differ/ });
  await row.click();
  await details.getByRole('heading', { name: 'calls_channel_fk' }).waitFor();
});
