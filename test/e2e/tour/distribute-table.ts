/** A plain table becomes a distributed one. */
import { goTo } from '../../support/e2e-driver';
import { connectToNode, valueOf } from '../../support/practice-endpoint';
import { operationDone } from './guide';
import type { TourGuide } from './guide';

export async function distributeTable({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  await step(
    'distribute table',
    async () => {
      const database = await connectToNode(dataFolder);
      try {
        await database.change({
          text: `CREATE TABLE documents (document_id bigint GENERATED ALWAYS AS IDENTITY, agency_id bigint NOT NULL,
                   title text NOT NULL, pages integer, PRIMARY KEY (agency_id, document_id))`,
        });
        await database.change({
          text: `INSERT INTO documents (agency_id, title, pages)
                 SELECT 1 + i % 40, 'Document ' || i, 1 + i % 300 FROM generate_series(1, 20000) i`,
        });
        await database.change({ text: 'ANALYZE documents' });
      } finally {
        await database.close();
      }
      await goTo(page, 'Tables');
      await page.getByRole('treegrid').first().waitFor();
      await picture('tables');
      await page.getByRole('tab', { name: /Plain|PostgreSQL/ }).click();
      await page.getByRole('row', { name: /documents/ }).click();
      await picture('tables-plain');
      await page
        .getByRole('button', { name: /^Distribute/ })
        .first()
        .click();
      await page
        .getByRole('heading', { name: /Distribute/ })
        .first()
        .waitFor();
      await page.getByRole('radio', { name: /agency_id/ }).waitFor();
      await picture('distribute');
      await page.getByRole('button', { name: 'Review steps' }).click();
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
      await picture('distribute-review');
      await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
      await operationDone(page);
      await picture('distribute-done');
    },
    async () => {
      const rows = await valueOf(dataFolder, 'SELECT count(*) FROM documents');
      const shards = await valueOf(
        dataFolder,
        "SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = 'documents'::regclass",
      );
      if (rows !== '20000' || Number(shards) < 2) throw new Error(`${rows} rows in ${shards} shards`);
      return `documents: ${rows} rows in ${shards} shards`;
    },
  );
}
