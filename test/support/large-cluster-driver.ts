/** The way into the large cluster in the real app. */
import type { Page } from 'playwright-core';
import { waitFor } from './wait';
import type { LargeCluster } from './large-cluster';

export async function connectToLarge(page: Page, { endpoint }: LargeCluster): Promise<void> {
  await page.keyboard.press('Control+N');
  const dialog = page.getByRole('dialog', { name: 'Connect to a cluster' });
  await dialog.waitFor();
  const field = (label: string) => dialog.getByLabel(label, { exact: true });
  await field('Name in the list').fill('permits-prod');
  await field('Host').fill(endpoint.host);
  await field('Port').fill(String(endpoint.port));
  await field('Database').fill(endpoint.database);
  await field('User').fill(endpoint.user);
  await field('Password').fill(endpoint.password);
  await field('TLS mode').selectOption('disable');
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Topology' }).waitFor({ timeout: 60_000 });
}

/** Each of the 200 nodes answered or did not, and every size is known. */
export async function everyNodeTried(page: Page): Promise<void> {
  const summary = page.getByText(/199 workers in 8 racks, [\d.]+ TB; 1 unreachable, 1 inactive/);
  await waitFor('the summary of 200 nodes', () => summary.count(), 90_000);
  await waitFor(
    'every node to be tried',
    async () => (await page.getByRole('list', { name: 'Legend' }).getByText('unknown').count()) === 0,
    90_000,
  );
}
