/** The distribution advisor in the real app: evidence, why not another column, a choice of one's own, the script, the review. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import type { DrivenApp } from '../support/app';
import {
  goTo,
  operationDone,
  pictureOfFailure,
  reviewedSql,
  runButton,
  startPractice,
} from '../support/e2e-driver';
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

test('a design that adds a column is reviewed and carried out: the column is filled, required and put into the keys', async () => {
  const { page } = app;
  const database = await connectToNode(dataFolder);
  try {
    await database.change({ text: shopsWithoutKeys }, { timeoutMs: 60_000 });
    await goTo(page, 'Tables');
    await page.getByRole('link', { name: 'Advisor', exact: true }).click();
    await page.getByRole('button', { name: 'Advise again' }).click();
    const grid = page.getByRole('grid', { name: 'Tables of the design' });
    const row = grid.getByRole('row', { name: /^order_lines ?shop / });
    await expect.poll(() => row.innerText(), { timeout: 60_000 }).toMatch(/distributed[\s\S]*shop_id/);
    await page.getByRole('button', { name: /^Review \d+ changes$/ }).click();
    const shown = (await reviewedSql(page)).join('\n');
    expect(shown).toMatch(/ALTER TABLE "shop"\."order_lines" ADD COLUMN "shop_id" bigint/);
    expect(shown).toMatch(/UPDATE "shop"\."order_lines" AS c SET "shop_id" = p\."shop_id"/);
    expect(shown).toMatch(/ALTER COLUMN "shop_id" SET NOT NULL/);
    await page.getByText(/The application has to send shop_id of shop\.order_lines/).waitFor();
    if (process.env['ADVISOR_PICTURES'])
      await page.screenshot({
        path: join(process.env['ADVISOR_PICTURES'], 'column-review.png'),
        animations: 'disabled',
      });
    await runButton(page).click();
    await operationDone(page, 300_000);
    if (process.env['ADVISOR_PICTURES'])
      await page.screenshot({
        path: join(process.env['ADVISOR_PICTURES'], 'column-done.png'),
        animations: 'disabled',
      });
    const [found] = await database.read<{ readonly rows: number; readonly wrong: number }>({
      text: `SELECT count(*)::int AS rows, (count(*) FILTER (WHERE l.shop_id <> o.shop_id))::int AS wrong
               FROM shop.order_lines l JOIN shop.orders o ON o.order_id = l.order_id`,
    });
    expect(found).toEqual({ rows: 12_000, wrong: 0 });
  } finally {
    await database.close();
  }
}, 480_000);

/** Lines that know their order and not their shop. The schema of the test before would be the larger part of any design. */
const shopsWithoutKeys = `
DROP SCHEMA archive CASCADE;
CREATE SCHEMA shop;
SET search_path = shop;
CREATE TABLE shops (shop_id bigint PRIMARY KEY, title text NOT NULL);
CREATE TABLE orders (order_id bigint PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops, placed_at timestamptz NOT NULL);
CREATE TABLE order_lines (line_id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, quantity int NOT NULL, note text);
CREATE TABLE invoices (invoice_id bigint PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops, note text);
CREATE TABLE visits (visit_id bigint PRIMARY KEY, shop_id bigint NOT NULL REFERENCES shops, note text);
INSERT INTO shops SELECT i, 'Shop ' || i FROM generate_series(1, 300) i;
INSERT INTO orders SELECT i, 1 + i % 300, now() FROM generate_series(1, 4000) i;
INSERT INTO order_lines SELECT i, 1 + i % 4000, 1 + i % 9, repeat('x', 120) FROM generate_series(1, 12000) i;
INSERT INTO invoices SELECT i, 1 + i % 300, repeat('x', 200) FROM generate_series(1, 20000) i;
INSERT INTO visits SELECT i, 1 + i % 300, repeat('x', 200) FROM generate_series(1, 20000) i;
RESET search_path;
ANALYZE shop.shops, shop.orders, shop.order_lines, shop.invoices, shop.visits;
`;
