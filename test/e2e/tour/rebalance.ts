/** The new worker gets its share. */
import { chooseCitusPlan, goTo } from '../../support/e2e-driver';
import { valueOf } from '../../support/practice-endpoint';
import { waitFor } from '../../support/wait';
import { operationDone } from './guide';
import type { TourGuide } from './guide';

export async function rebalance({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'rebalance',
    async () => {
      await goTo(page, 'Rebalance');
      await chooseCitusPlan(page);
      await page.getByRole('button', { name: /^Review \d+ moves?/ }).waitFor({ timeout: 60_000 });
      await picture('rebalance-plan');
      await page.getByRole('button', { name: /^Review \d+ moves?/ }).click();
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
      await picture('rebalance-review');
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
      await waitFor(
        'the first finished move',
        async () =>
          (await valueOf(dataFolder, "SELECT count(*) FROM pg_dist_background_task WHERE status = 'done'"))
          !== '0',
        90_000,
      );
      await goTo(page, 'Topology');
      await page.getByText(/\d receiving/).waitFor();
      await picture('rebalance-topology');
      await goTo(page, 'Rebalance');
      await page.getByRole('heading', { name: /^Job \d/ }).waitFor();
      await picture('rebalance-running');
      await goTo(page, 'Operations');
      await picture('operations');
      await page
        .getByRole('grid')
        .getByRole('link', { name: /Rebalance/ })
        .first()
        .click();
      await operationDone(page, 180_000);
      await picture('rebalance-done');
      await goTo(page, 'Topology');
      await picture('topology-after');
    },
    async () => {
      const job = await valueOf(
        dataFolder,
        'SELECT state FROM pg_dist_background_job ORDER BY job_id DESC LIMIT 1',
      );
      const empty = await valueOf(
        dataFolder,
        `SELECT count(*) FROM pg_dist_node n WHERE shouldhaveshards AND isactive
           AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.groupid = n.groupid)`,
      );
      const rows = await valueOf(dataFolder, 'SELECT count(*) FROM documents');
      if (job !== 'finished' || empty !== '0' || rows !== '20000') {
        throw new Error(`job ${job}, ${empty} empty nodes, ${rows} rows in documents`);
      }
      return `job ${job}, no node is empty, documents still has ${rows} rows`;
    },
  );
}
