/** The rebalance planner on a practice cluster: changes tried out, a plan under a rule, and its review. */
import { expect, test } from 'vitest';
import { goTo, runButton } from '../support/e2e-driver';
import { valueOf } from '../support/practice-endpoint';
import { usePractisedApp } from '../support/practised-app';
import { waitFor } from '../support/wait';

const practised = usePractisedApp();

test('new nodes are tried out with the keyboard: both plans fill them, and nothing can be run', async () => {
  const { page } = practised;
  await goTo(page, 'Rebalance');
  await page.getByRole('radio', { name: 'Fewest bytes' }).waitFor({ timeout: 60_000 });
  await page.getByRole('tab', { name: 'What if' }).click();
  const slider = page.getByRole('slider', { name: 'New nodes' });
  await slider.focus();
  for (let key = 0; key < 3; key += 1) await page.keyboard.press('ArrowRight');
  const bars = page.getByRole('region', { name: 'Nodes at this step' });
  await bars.getByRole('row', { name: /new node 3/ }).waitFor();
  for (const plan of ["Citus's own plan", 'Fewest bytes']) {
    await page.getByRole('radio', { name: plan }).check();
    const filled = bars
      .getByRole('row', { name: /new node 3/ })
      .getByRole('cell')
      .nth(2);
    await waitFor(`something on new node 3 by ${plan}`, async () => (await filled.innerText()) !== '0 bytes');
  }
  expect(await page.getByRole('button', { name: /^Review/ }).count()).toBe(0);

  const steps = page.getByRole('slider', { name: 'Step of the plan' });
  // The thumb stands at the end of a plan that has just become longer.
  await waitFor('the thumb at the last step', () =>
    steps.evaluate((input: HTMLInputElement) => input.max !== '0' && input.value === input.max),
  );
  await steps.focus();
  await page.keyboard.press('Home');
  await page.getByText('Before any move.').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText(/^Shard group \d+ .* to new node/).waitFor();
  // The same step on the topology, and the next.
  await page.getByRole('button', { name: 'Topology', exact: true }).click();
  const drawing = page.getByRole('img', { name: /^The nodes and the moves between them\./ });
  await drawing.locator('canvas').first().waitFor();
  const first = await drawing.getAttribute('aria-label');
  expect(first).toMatch(/Shard group \d+ .* to new node/);
  await steps.focus();
  await page.keyboard.press('ArrowRight');
  await waitFor('the next move in the drawing', async () => {
    const label = (await drawing.getAttribute('aria-label')) ?? '';
    return label !== first && /Shard group \d+/.test(label);
  });
  await page.getByRole('button', { name: 'Bars', exact: true }).click();
  await page.getByRole('button', { name: 'As it is' }).click();
  await bars
    .getByRole('row', { name: /new node/ })
    .first()
    .waitFor({ state: 'detached' });
});

test('our plan drains a node: the review moves every shard group away from it, and from nowhere else', async () => {
  const { page } = practised;
  await page.getByRole('tab', { name: 'Nodes' }).click();
  await page.getByRole('combobox', { name: 'Part of worker-1' }).selectOption('drain');
  await page.getByRole('radio', { name: 'Fewest bytes' }).check();
  const groups = Number(
    await valueOf(
      practised.dataFolder,
      `SELECT count(*) FROM (
         SELECT DISTINCT t.colocationid, s.shardminvalue
           FROM pg_dist_placement l JOIN pg_dist_shard s USING (shardid)
           JOIN pg_dist_partition t USING (logicalrelid) JOIN pg_dist_node n USING (groupid)
          WHERE t.partmethod = 'h' AND n.groupid = (SELECT min(groupid) FROM pg_dist_node WHERE groupid > 0)) g`,
    ),
  );
  expect(groups).toBeGreaterThan(0);
  const review = page.getByRole('button', { name: new RegExp(`^Review ${groups} moves?$`) });
  await review.waitFor({ timeout: 60_000 });
  await review.click();
  await runButton(page).waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { level: 1, name: `Move ${groups} shard groups` }).waitFor();
  const moves = page.getByRole('row', { name: /worker-1.*worker-\d/ });
  await waitFor('every move in the review', async () => (await moves.count()) === groups);
});

test('no error reached the console of the page', () => {
  expect(practised.pageErrors).toEqual([]);
});
