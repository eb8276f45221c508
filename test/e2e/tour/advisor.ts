/** A schema that nobody distributed yet is advised on, with its evidence. */
import { goTo } from '../../support/e2e-driver';
import { connectToNode, valueOf } from '../../support/practice-endpoint';
import {
  dropUndistributedPermits,
  loadUndistributedPermits,
  permitsSchema,
} from '../../support/undistributed-permits';
import type { TourGuide } from './guide';

export async function advisor({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'distribution advisor',
    async () => {
      const database = await connectToNode(dataFolder);
      try {
        await loadUndistributedPermits(database);
      } finally {
        await database.close();
      }
      await goTo(page, 'Tables');
      await page.getByRole('link', { name: 'Advisor', exact: true }).click();
      const grid = page.getByRole('grid', { name: 'Tables of the design' });
      await grid.waitFor({ timeout: 60_000 });
      await grid.getByRole('row', { name: new RegExp(`^documents ?${permitsSchema}`) }).click();
      await page.getByRole('region', { name: 'Why documents becomes what it becomes' }).waitFor();
      await picture('advisor');
      await page.getByRole('button', { name: 'Compare designs' }).click();
      await page.getByRole('region', { name: 'Designs side by side' }).waitFor();
      await picture('advisor-compare');
    },
    async () => {
      const shown = await page.getByText(/^Rests on \d+ tables/).innerText();
      const plain = await valueOf(
        dataFolder,
        `SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = '${permitsSchema}'::regnamespace`,
      );
      const seen = await valueOf(
        dataFolder,
        `SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%${permitsSchema}.permits WHERE agency_id%'`,
      );
      if (plain !== '6' || seen === null) throw new Error(`${plain} plain tables, ${seen} calls`);
      const database = await connectToNode(dataFolder);
      try {
        await dropUndistributedPermits(database);
      } finally {
        await database.close();
      }
      return `${shown} In the database: ${plain} plain tables, ${seen} calls by agency.`;
    },
  );
}
