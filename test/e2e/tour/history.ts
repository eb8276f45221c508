/** A worker goes and comes back: the timeline tells it, and the slider shows the time between. */
import { goTo } from '../../support/e2e-driver';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { valueOf } from '../../support/practice-endpoint';
import { waitFor } from '../../support/wait';
import { clusterMenu } from './guide';
import type { TourGuide } from './guide';

export async function history({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  const nodesThatAnswer = async (): Promise<string> => {
    const found = await valueOf(
      dataFolder,
      `SELECT format('%s of %s connections between nodes work', count(*) FILTER (WHERE result), count(*))
         FROM citus_check_cluster_node_health()`,
    );
    return found ?? 'nothing';
  };
  const change = (words: RegExp) =>
    page.getByRole('grid', { name: 'Changes, newest first' }).getByRole('row', { name: words }).first();

  await step(
    'timeline',
    async () => {
      await clusterMenu(page, /^Kill worker-1/);
      await page.getByRole('alertdialog').getByRole('button', { name: /^Kill/ }).click();
      await goTo(page, 'Topology');
      await page.getByRole('link', { name: 'Timeline', exact: true }).click();
      await change(/worker-1 went away/).waitFor({ timeout: 60_000 });
      await clusterMenu(page, /^Revive worker-1/);
      await change(/worker-1 came back/).waitFor({ timeout: 60_000 });
      await change(/worker-1 went away/).click();
      await picture('timeline');
    },
    async () => {
      const folder = join(dataFolder, 'history');
      const file = readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '';
      const text = readFileSync(join(folder, file), 'utf8');
      if (!/went away/.test(text) || !/came back/.test(text)) throw new Error(`${file} tells neither`);
      return `${await nodesThatAnswer()}; ${file} has ${text.split('\n').length - 1} lines`;
    },
  );
  await step(
    'topology as it was',
    async () => {
      await page.getByRole('button', { name: 'Show the topology then' }).click();
      await page.getByText(/^As it was at/).waitFor();
      await page.getByText('worker-1', { exact: true }).first().waitFor();
      await picture('topology-as-it-was');
      await page.getByRole('button', { name: 'Back to now' }).click();
      await waitFor('the topology of now', async () => (await page.getByText(/^As it was at/).count()) === 0);
    },
    nodesThatAnswer,
  );
}
