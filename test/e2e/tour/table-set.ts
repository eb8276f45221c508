/** A set of tables is distributed with what is in the way mended, and a table is changed afterwards. */
import { goTo } from '../../support/e2e-driver';
import { connectToNode, valueOf } from '../../support/practice-endpoint';
import { operationDone } from './guide';
import type { TourGuide } from './guide';

const tables = `CREATE TABLE streets (street_id bigint PRIMARY KEY, name text NOT NULL);
  CREATE TABLE meters (meter_id bigint PRIMARY KEY, agency_id bigint NOT NULL, street_id bigint REFERENCES streets);
  CREATE TABLE readings (reading_id bigint PRIMARY KEY, agency_id bigint NOT NULL,
    meter_id bigint NOT NULL REFERENCES meters, value integer);
  INSERT INTO streets SELECT i, 'Street ' || i FROM generate_series(1, 50) i;
  INSERT INTO meters SELECT i, 1 + i % 40, 1 + i % 50 FROM generate_series(1, 2000) i;
  INSERT INTO readings SELECT i, 1 + (1 + i % 2000) % 40, 1 + i % 2000, i FROM generate_series(1, 8000) i;
  ANALYZE streets, meters, readings`;

export async function tableSet({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'distribute a set of tables',
    async () => {
      const database = await connectToNode(dataFolder);
      try {
        await database.change({ text: tables });
      } finally {
        await database.close();
      }
      await goTo(page, 'Tables');
      await page.getByRole('tab', { name: /Plain/ }).click();
      await page.getByRole('button', { name: 'Plan a set of tables…' }).click();
      await page.getByRole('combobox', { name: 'streets becomes' }).selectOption('reference');
      await page.getByRole('combobox', { name: 'meters becomes' }).selectOption('distributed');
      await page.getByRole('combobox', { name: 'readings becomes' }).selectOption('distributed');
      for (const name of ['meters', 'readings']) {
        const column = page.getByRole('combobox', { name: `Distribution column of ${name}` });
        await column.locator('option[value="agency_id"]').waitFor({ state: 'attached', timeout: 30_000 });
        await column.selectOption('agency_id');
      }
      await page
        .getByRole('combobox', { name: 'meters is colocated with' })
        .selectOption({ label: 'None: a group of its own' });
      await page
        .getByRole('combobox', { name: 'readings is colocated with' })
        .selectOption({ label: 'meters (of this set)' });
      await picture('table-set');
      await page.getByRole('button', { name: 'Review steps' }).click();
      await page.getByText(/not possible yet/).waitFor({ timeout: 60_000 });
      await picture('table-set-refused');
      const run = page.getByRole('button', { name: /^Run \d+ steps?$/ });
      const fixes = page.getByRole('button', { name: /into the plan$/ }).first();
      // Mending one thing can uncover the next.
      for (let round = 0; round < 6 && (await run.count()) === 0; round += 1) {
        await fixes.click();
        await run
          .or(page.getByText(/not possible yet/))
          .first()
          .waitFor({ timeout: 60_000 });
      }
      await run.waitFor();
      await picture('table-set-review');
      await run.click();
      await operationDone(page);
      await picture('table-set-done');
    },
    async () => {
      const rows = await valueOf(
        dataFolder,
        'SELECT count(*) FROM readings JOIN meters USING (agency_id, meter_id)',
      );
      const groups = await valueOf(
        dataFolder,
        `SELECT count(DISTINCT colocationid) FROM pg_dist_partition
          WHERE logicalrelid IN ('meters'::regclass, 'readings'::regclass)`,
      );
      if (rows !== '8000' || groups !== '1') throw new Error(`${rows} rows, ${groups} groups`);
      return `readings joined with meters: ${rows} rows, in ${groups} colocation group`;
    },
  );
  await step(
    'change the shard count',
    async () => {
      await goTo(page, 'Tables');
      await page.getByRole('tab', { name: /Citus/ }).click();
      await page
        .getByRole('row', { name: /meters/ })
        .first()
        .click();
      await page.getByRole('button', { name: 'Change…' }).click();
      await picture('change-menu');
      await page.getByRole('menuitem', { name: 'Change the shard count…' }).click();
      await page.getByRole('textbox', { name: 'Shard count' }).fill('6');
      await picture('change-shard-count');
      await page.getByRole('button', { name: 'Review steps' }).click();
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
      await picture('change-review');
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
      await operationDone(page);
      await goTo(page, 'Topology');
      await picture('change-topology');
    },
    async () => {
      const shards = await valueOf(
        dataFolder,
        `SELECT string_agg(n::text, ' and ') FROM (SELECT count(*) n FROM pg_dist_shard
          WHERE logicalrelid IN ('meters'::regclass, 'readings'::regclass) GROUP BY logicalrelid) s`,
      );
      if (shards !== '6 and 6') throw new Error(`${shards} shards`);
      return `meters and readings have ${shards} shards`;
    },
  );
}
