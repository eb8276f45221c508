/** Planning changes of tables in the real app: thousands of plain tables. */
import { expect, test } from 'vitest';
import { goTo } from '../support/e2e-driver';
import { connectToNode, valueOf } from '../support/practice-endpoint';
import { usePractisedApp } from '../support/practised-app';
import { waitFor } from '../support/wait';

const practised = usePractisedApp();

test('thousands of plain tables are grouped, filtered and planned, and only those in sight are drawn', async () => {
  const { page } = practised;
  const database = await connectToNode(practised.dataFolder);
  try {
    await database.change(
      {
        text: `SET LOCAL citus.enable_ddl_propagation TO off;
               CREATE SCHEMA many;
               DO $$ BEGIN FOR i IN 1..3000 LOOP
                 EXECUTE format('CREATE TABLE many.t_%s (id bigint PRIMARY KEY, tenant int NOT NULL)', i); END LOOP; END $$;
               ALTER TABLE many.t_8 ADD FOREIGN KEY (id) REFERENCES many.t_7`,
      },
      { timeoutMs: 120_000 },
    );
  } finally {
    await database.close();
  }
  await goTo(page, 'Tables');
  await page.getByRole('tab', { name: /^Plain PostgreSQL tables/ }).click();
  await page.getByRole('tab', { name: /^Plain PostgreSQL tables ?3.?001$/ }).waitFor({ timeout: 120_000 });
  await page.getByRole('combobox', { name: 'Type or property' }).selectOption('keyed');
  await page.getByText(/^2 of 3.001$/).waitFor();
  await page.getByRole('combobox', { name: 'Grouping' }).selectOption('family');
  await page.getByRole('row', { name: /^many\.t_7, 2, and what foreign keys tie to it/ }).waitFor();

  await page.getByRole('button', { name: 'Plan a set of tables…' }).click();
  const list = page.getByRole('table', { name: 'Ordinary tables of the coordinator' });
  await list.getByText('payments', { exact: true }).waitFor();
  const drawn = (): Promise<number> => list.locator('tbody tr.row').count();
  expect(await drawn()).toBeLessThan(80);
  await list.locator('..').evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
  await waitFor('the last table to be drawn', async () => {
    const last = await list.locator('tbody tr.row').last().getAttribute('aria-rowindex');
    return last === '3002';
  });
  expect(await drawn()).toBeLessThan(80);
  await page.getByRole('searchbox', { name: 'Filter tables' }).fill('t_2999');
  await page.getByText(/^1 of 3.001$/).waitFor();
  await page.getByRole('combobox', { name: 'many.t_2999 becomes' }).selectOption('distributed');
  await page.getByRole('combobox', { name: 'Distribution column of many.t_2999' }).selectOption('tenant');
  await page.getByRole('button', { name: 'Review steps' }).click();
  await page
    .getByText(/is a unique key without|tenant/)
    .first()
    .waitFor();
});

test('a shard is split at points of its range, found by a value that it holds', async () => {
  const { page } = practised;
  await goTo(page, 'Tables');
  await page.getByRole('row', { name: /^permits/ }).click();
  await page.getByRole('button', { name: 'Change…' }).click();
  await page.getByRole('menuitem', { name: 'Split a shard…' }).click();
  await page.getByRole('combobox', { name: 'Find the shard of a value' }).fill('7');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  const shard = await valueOf(
    practised.dataFolder,
    "SELECT get_shard_id_for_distribution_column('permits', 7::bigint)",
  );
  await page.getByText(`7 hashes to -978793473 and lies on shard ${shard}.`).waitFor();
  await page.getByRole('button', { name: 'Cut around 7' }).click();
  const parts = page.getByRole('table', { name: 'New shards' });
  await parts.getByRole('row', { name: /^2 -978793473 -978793473 one hash .* 7/ }).waitFor();
  // A point outside is said where it was typed, and nothing comes of it.
  const point = page.getByRole('textbox', { name: 'Point 1' });
  await point.fill('5');
  await page.getByText(/^Outside -/).waitFor();
  await parts.waitFor({ state: 'detached' });
  await point.fill('-978793474');
  await page.getByRole('combobox', { name: 'Node of part 2' }).selectOption({ index: 1 });
  await page.getByRole('radio', { name: 'With writes waiting' }).check();
  await page.getByRole('button', { name: 'Review steps' }).click();
  await page
    .getByText(/^SELECT citus_split_shard_by_split_points/)
    .first()
    .waitFor();
  const shown = await page
    .getByText(/^SELECT citus_split_shard_by_split_points/)
    .first()
    .innerText();
  expect(shown).toContain(`{-978793474,-978793473}`);
});
