/** A worker dies and comes back: its state, the reason and since when follow, and outlive a reload of the page. */
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { clusterCommand, goTo } from '../support/e2e-driver';
import { usePractisedApp } from '../support/practised-app';
import { waitFor } from '../support/wait';

const practised = usePractisedApp();

const rowOf = (page: Page, node: string): Locator =>
  page.getByRole('grid', { name: 'Nodes' }).getByRole('row').filter({ hasText: node });
const since = (page: Page): Promise<string | null> =>
  page
    .locator('aside dl > div', { has: page.getByText('Since', { exact: true }) })
    .locator('dd')
    .textContent();

test('a killed worker is unreachable with its reason and since when, and active again when it is back', async () => {
  const { page } = practised;
  await goTo(page, 'Nodes');
  const worker = rowOf(page, 'worker-2');
  await worker.getByText('active', { exact: true }).waitFor({ timeout: 30_000 });
  // Nothing is chosen yet: the words are explained.
  await page.getByRole('region', { name: 'What the words mean' }).getByText('suspect (slow)').waitFor();

  await clusterCommand(page, /^Kill worker-2/);
  await page.getByRole('button', { name: 'Kill worker-2' }).click();
  await worker.getByText('unreachable', { exact: true }).waitFor({ timeout: 30_000 });
  await worker.click();
  const panel = page.locator('aside');
  await panel
    .getByText(/refuses connections/i)
    .first()
    .waitFor();
  await panel.getByRole('heading', { name: 'What does not work' }).waitFor();
  const before = await since(page);
  expect(before).toMatch(/^\d\d:\d\d:\d\d$/);
  await rowOf(page, 'worker-1').getByText('active', { exact: true }).waitFor();

  await page.reload();
  await worker.getByText('unreachable', { exact: true }).waitFor({ timeout: 30_000 });
  await worker.click();
  expect(await since(page)).toBe(before);

  // Times are shown to the second: what begins in the same one could not be told apart.
  await waitFor('the next second', () => new Date().toTimeString().slice(0, 8) !== before);
  await panel.getByRole('button', { name: 'Start node' }).click();
  await worker.getByText('active', { exact: true }).waitFor({ timeout: 60_000 });
  await panel.getByText('Answers, and its metadata is synced.').waitFor();
  expect(await since(page)).not.toBe(before);
});
