/** What tables there are, how they hang together, and where their rows lie. */
import { goTo } from '../../support/e2e-driver';
import { valueOf } from '../../support/practice-endpoint';
import { waitFor } from '../../support/wait';
import type { TourGuide } from './guide';

export async function tables({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'table browser',
    async () => {
      await goTo(page, 'Tables');
      const grid = page.getByRole('treegrid');
      await grid.waitFor();
      // Rows are asked of every node on a beat of their own.
      await waitFor(
        'the estimate of permits',
        async () => /24.000/.test(await grid.getByRole('row', { name: /^permits/ }).innerText()),
        60_000,
      );
      await page.getByRole('combobox', { name: 'Grouping' }).selectOption('group');
      await grid.getByRole('button', { name: 'Show 2 partitions' }).click();
      await grid.getByRole('row', { name: /^permits/ }).click();
      await picture('table-browser');
      await page.getByRole('link', { name: 'Shards', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Shards' }).waitFor();
      await picture('shards');
    },
    async () => {
      const known = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_shard');
      const words =
        (await page
          .locator('main')
          .getByText(/^\d+ shards, /)
          .innerText()) ?? '';
      if (!words.startsWith(`${known} shards`)) throw new Error(`${words}, but ${known} in the catalogs`);
      return `${words}, as in pg_dist_shard`;
    },
  );

  await step(
    'schema graph',
    async () => {
      await page.getByRole('link', { name: 'Schema graph', exact: true }).click();
      await page.getByText(/\d groups?, \d+ foreign keys/).waitFor();
      await page.getByRole('application').waitFor();
      await picture('schema-graph');
    },
    async () => {
      const keys = await valueOf(
        dataFolder,
        'SELECT count(*) FROM citus_practice_keys WHERE contype = $$f$$',
      );
      const words = await page.getByText(/\d groups?, \d+ foreign keys/).innerText();
      if (!words.includes(`${keys} foreign keys`))
        throw new Error(`${words}, but ${keys} keys in the catalogs`);
      return words;
    },
  );

  await step(
    'routing lens',
    async () => {
      await page.getByRole('link', { name: 'Routing', exact: true }).click();
      await page.getByRole('combobox', { name: 'Table' }).selectOption({ label: 'permits by agency_id' });
      await page.getByRole('textbox', { name: 'Value of its distribution column' }).fill('7');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Count its rows' }).click();
      await page.getByText('have this value').waitFor();
      await picture('routing-value');
      await page.getByRole('tab', { name: 'A statement' }).click();
      await page
        .getByRole('textbox', { name: 'Statement' })
        .fill('SELECT status, count(*)\n  FROM permits\n WHERE agency_id IN (1, 2, 3)\n GROUP BY status');
      await page.keyboard.press('Control+Enter');
      await page.getByText('Runs on 3 shard groups at once').waitFor();
      await picture('routing-statement');
    },
    async () => {
      const shards = await valueOf(
        dataFolder,
        `SELECT count(DISTINCT get_shard_id_for_distribution_column('permits', id)) FROM (VALUES (1::bigint), (2), (3)) v (id)`,
      );
      if (shards !== '3') throw new Error(`the server routes the three agencies to ${shards} shards`);
      return 'the three agencies of the statement lie on 3 shards by the server too';
    },
  );
}
