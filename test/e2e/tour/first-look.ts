/** From nothing to a practice cluster with sample data, and a first look at it. */
import { goTo } from '../../support/e2e-driver';
import { recordedClusters, valueOf } from '../../support/practice-endpoint';
import { waitFor } from '../../support/wait';
import type { TourGuide } from './guide';

export async function firstLook({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'welcome',
    async () => {
      await page.getByRole('button', { name: 'Start a practice cluster' }).waitFor();
      await picture('welcome');
    },
    () => Promise.resolve('no cluster exists yet'),
  );

  await step(
    'practice cluster starts',
    async () => {
      await page.getByRole('button', { name: 'Start a practice cluster' }).click();
      await page
        .getByText(/Starting|Creating|Making|Preparing/i)
        .first()
        .waitFor();
      await picture('practice-starting');
      await page.getByRole('heading', { name: 'Topology' }).waitFor({ timeout: 60_000 });
    },
    async () => {
      const nodes = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node WHERE isactive');
      if (nodes !== '3') throw new Error(`expected 3 active nodes, found ${nodes}`);
      return `${nodes} active nodes in pg_dist_node; ${await valueOf(dataFolder, 'SELECT citus_version()')}`;
    },
  );

  await step(
    'topology',
    async () => {
      await waitFor(
        'the sample data',
        () => recordedClusters(dataFolder)[0]?.sampleData === 'loaded',
        120_000,
      );
      // The page reads the catalogs on a beat of its own.
      await page.getByText(/3 nodes · 9 tables · /).waitFor({ timeout: 60_000 });
      await waitFor('sizes on the topology', () => page.getByText(/, \d+(\.\d)? MB/).count(), 60_000);
      await picture('topology');
      await page.getByRole('button', { name: 'Table', exact: true }).click();
      await page.getByRole('grid').first().waitFor();
      await picture('topology-table');
      await page.getByRole('button', { name: 'Matrix', exact: true }).click();
      await picture('topology-matrix');
      await page.getByRole('button', { name: 'Graph', exact: true }).click();
    },
    async () => {
      const tables = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_partition');
      const shards = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_shard');
      if (!(Number(shards) > 10)) throw new Error(`expected shards of the sample data, found ${shards}`);
      return `${tables} tables, ${shards} shards in the catalogs`;
    },
  );

  await step(
    'health',
    async () => {
      await goTo(page, 'Health');
      await page
        .getByText(/all \d+ checks are fine/i)
        .first()
        .waitFor({ timeout: 60_000 });
      await picture('health');
    },
    async () => {
      const unreachable = await valueOf(
        dataFolder,
        'SELECT count(*) FROM citus_check_cluster_node_health() WHERE result IS NOT TRUE',
      );
      if (unreachable !== '0') throw new Error(`${unreachable} connections between nodes fail`);
      return 'every node reaches every node';
    },
  );
}
