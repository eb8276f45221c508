/** An empty node becomes a worker. */
import { recordedClusters, valueOf } from '../../support/practice-endpoint';
import { clusterMenu, operationDone } from './guide';
import type { TourGuide } from './guide';

export async function addNode({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'add node',
    async () => {
      await clusterMenu(page, /Start an empty node/);
      const offer = page.getByRole('button', { name: /Add it to the cluster/ });
      await offer.waitFor({ timeout: 60_000 });
      await offer.click();
      await page.getByRole('heading', { name: 'Add a node' }).waitFor();
      await picture('add-node');
      await page.getByRole('button', { name: 'Review steps' }).click();
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
      await picture('add-node-review');
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
      await operationDone(page);
      await picture('add-node-done');
    },
    async () => {
      const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
      const found = await valueOf(
        dataFolder,
        `SELECT format('node %s on port %s, active %s, holds shards %s', nodeid, nodeport, isactive, shouldhaveshards)
           FROM pg_dist_node WHERE nodeport = ${port} AND isactive AND metadatasynced`,
      );
      if (found === null) throw new Error(`no active node on port ${port}`);
      return found;
    },
  );
}
