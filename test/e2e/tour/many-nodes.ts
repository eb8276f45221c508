/** A cluster of 200 nodes: the overview, a node opened, the matrix, the treemap, and the overview in the dark. */
import { startLargeCluster } from '../../support/large-cluster';
import type { LargeCluster } from '../../support/large-cluster';
import { connectToLarge, everyNodeTried } from '../../support/large-cluster-driver';
import type { TourGuide } from './guide';

export async function manyNodes({ page, picture, step }: TourGuide): Promise<void> {
  const cluster = await startLargeCluster();
  try {
    await step(
      '200 nodes',
      async () => {
        await connectToLarge(page, cluster);
        await everyNodeTried(page);
        await picture('overview-200');
      },
      () => inCatalogs(cluster),
    );
    await step(
      'one of 200 nodes opened',
      async () => {
        const graph = page.getByRole('application');
        await graph.focus();
        await page.keyboard.press('/');
        await page.keyboard.type('127.0.1.7');
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        await page.getByRole('navigation', { name: 'Level of the graph' }).waitFor();
        await picture('node-opened');
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('Enter');
        await picture('colocation-group-opened');
        await page.getByRole('button', { name: 'Cluster', exact: true }).click();
      },
      async () => {
        const [row] = await cluster.database.read<{ shards: string }>({
          text: `SELECT count(*)::text AS shards FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
                  WHERE n.nodename = '127.0.1.7'`,
        });
        return `${row?.shards ?? 'no'} shards lie on 127.0.1.7`;
      },
    );
    await step(
      'matrix and treemap of 200 nodes',
      async () => {
        await page.keyboard.press('Escape');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Matrix', exact: true }).click();
        await page.getByRole('grid').waitFor();
        await picture('matrix-200');
        await page.getByRole('button', { name: 'Treemap', exact: true }).click();
        await page.getByRole('option').first().waitFor();
        await picture('treemap');
        await page.getByRole('button', { name: 'Graph', exact: true }).click();
      },
      async () => {
        const [row] = await cluster.database.read<{ groups: string; bytes: string }>({
          text: `SELECT count(DISTINCT p.colocationid)::text AS groups, pg_size_pretty(sum(s.size)) AS bytes
                   FROM citus_shard_sizes() s JOIN pg_dist_shard d ON d.shardid = s.shard_id
                   JOIN pg_dist_partition p USING (logicalrelid)`,
        });
        return `${row?.groups ?? ''} colocation groups, ${row?.bytes ?? ''}`;
      },
    );
    await step(
      '200 nodes in the dark',
      async () => {
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.locator('html[data-theme="dark"]').waitFor();
        await page.getByRole('application').waitFor();
        await picture('overview-200-dark');
        await page.emulateMedia({ colorScheme: 'light' });
      },
      () => inCatalogs(cluster),
    );
  } finally {
    await page.emulateMedia({ colorScheme: 'light' });
    await cluster.end();
  }
}

async function inCatalogs({ database }: LargeCluster): Promise<string> {
  const [row] = await database.read<{ nodes: string; tables: string; shards: string }>({
    text: `SELECT (SELECT count(*)::text FROM pg_dist_node) AS nodes, (SELECT count(*)::text FROM pg_dist_partition) AS tables,
                  (SELECT count(*)::text FROM pg_dist_shard) AS shards`,
  });
  if (row?.nodes !== '200' || row.tables !== '1000' || row.shards !== '40000') {
    throw new Error(`the catalogs hold ${JSON.stringify(row)}`);
  }
  return `${row.nodes} nodes, ${row.tables} tables, ${row.shards} shards in the catalogs`;
}
