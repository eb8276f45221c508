/** The distribution advisor in the real app: evidence, why not another column, a choice of one's own, the script, the review. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import { goTo, pictureOfFailure, reviewedSql, startPractice } from '../support/e2e-driver';
import { connectToNode } from '../support/practice-endpoint';
import { loadUndistributedPermits } from '../support/undistributed-permits';

let app: DrivenApp;
let dataFolder: string;

beforeAll(async () => {
  dataFolder = newDataFolder();
  app = await startApp({ dataFolder });
});
afterEach(({ task }) => pictureOfFailure(task, app?.page));
afterAll(async () => {
  await app?.quit();
  removeDataFolder(dataFolder);
});

test('a schema that nobody distributed is advised on, with its evidence, and reviewed', async () => {
  const { page } = app;
  await page.setViewportSize({ width: 1440, height: 900 });
  await startPractice(page, dataFolder);
  const database = await connectToNode(dataFolder);
  try {
    await loadUndistributedPermits(database);
  } finally {
    await database.close();
  }
  await goTo(page, 'Tables');
  await page.getByRole('link', { name: 'Advisor', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Distribution advisor' }).waitFor();
  const grid = page.getByRole('grid', { name: 'Tables of the design' });
  await grid.waitFor({ timeout: 60_000 });
  const folder = process.env['ADVISOR_PICTURES'];
  const picture = async (name: string): Promise<void> => {
    if (folder) await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
  };
  const row = (name: string) => grid.getByRole('row', { name: new RegExp(`^${name} ?archive `) });
  expect(await row('permits').innerText()).toMatch(/distributed[\s\S]*agency_id/);
  expect(await row('permit_types').innerText()).toMatch(/reference/);
  expect(await row('holidays').innerText()).toMatch(/local/);
  await page.getByText(/of calls on one shard/).waitFor();
  await row('documents').click();
  const side = page.getByRole('region', { name: 'Why documents becomes what it becomes' });
  await side.waitFor();
  expect(await side.innerText()).toMatch(/documents_pkey \(document_id\) has to include agency_id/);
  await row('permits').click();
  await page.getByRole('region', { name: 'Why permits becomes what it becomes' }).waitFor();
  await picture('advisor');

  await page.getByRole('button', { name: 'Compare designs' }).click();
  await page.getByRole('region', { name: 'Designs side by side' }).waitFor();
  await picture('advisor-compare');
  await page.getByRole('button', { name: 'Hide comparison' }).click();

  const choice = page.getByRole('combobox', { name: 'Your choice' });
  await choice.selectOption({ label: 'distributed by permit_id' });
  await expect.poll(() => row('permits').innerText()).toMatch(/permit_id[\s\S]*your choice/);
  await picture('advisor-own-choice');
  await page.getByRole('button', { name: 'Drop own choices' }).click();
  await expect.poll(() => row('permits').innerText()).toMatch(/agency_id/);

  await page.getByRole('button', { name: /^Review \d+ changes$/ }).click();
  const statements = await reviewedSql(page);
  await picture('advisor-review');
  expect(statements.join('\n')).toMatch(/create_reference_table\('"archive"\."permit_types"'/);
  expect(statements.join('\n')).toMatch(/create_distributed_table\('"archive"\."permits"', 'agency_id'/);
}, 240_000);
