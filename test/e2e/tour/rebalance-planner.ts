/** What a rebalance would come to, before anything is done: the verdict, two plans, and three nodes that do not exist. */
import { chooseCitusPlan, goTo } from '../../support/e2e-driver';
import { valueOf } from '../../support/practice-endpoint';
import type { TourGuide } from './guide';

const placements =
  "SELECT md5(string_agg(shardid || ' ' || groupid, ',' ORDER BY placementid)) FROM pg_dist_placement";

export async function rebalancePlanner({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  const before = await valueOf(dataFolder, placements);
  await step(
    'rebalance planner',
    async () => {
      await goTo(page, 'Rebalance');
      await page.getByText('Is a rebalance needed').waitFor({ timeout: 60_000 });
      const review = page.getByRole('button', { name: /^Review \d+ moves?/ });
      await review.waitFor({ timeout: 60_000 });
      await picture('rebalance-verdict');
      await page.getByRole('radio', { name: 'Fewest bytes' }).check();
      await review.waitFor({ timeout: 60_000 });
      await picture('rebalance-two-plans');
      await page.getByRole('tab', { name: 'What if' }).click();
      const nodes = page.getByRole('slider', { name: 'New nodes' });
      await nodes.focus();
      for (let added = 0; added < 3; added += 1) await page.keyboard.press('ArrowRight');
      await page
        .getByRole('row', { name: /new node 3/ })
        .first()
        .waitFor();
      await picture('rebalance-what-if');
      await page.getByRole('button', { name: 'Topology', exact: true }).click();
      const drawing = page.getByRole('img', { name: /^The nodes and the moves/ });
      await drawing.scrollIntoViewIfNeeded();
      const steps = page.getByRole('slider', { name: 'Step of the plan' });
      await steps.focus();
      for (let made = 0; made < 2; made += 1) await page.keyboard.press('ArrowRight');
      await page.getByText(/^Shard group \d+ .* to /).waitFor();
      // The keys brought the slider into sight, and may have put the drawing half out of it.
      await drawing.evaluate((element) => element.scrollIntoView({ block: 'start' }));
      await picture('rebalance-on-topology');
      await page.getByRole('button', { name: 'Bars', exact: true }).click();
      await page.getByRole('button', { name: 'As it is' }).click();
      await chooseCitusPlan(page);
    },
    async () => {
      const after = await valueOf(dataFolder, placements);
      if (after !== before) throw new Error('a plan that was only looked at moved something');
      return `plans were looked at and no placement changed (${after?.slice(0, 8) ?? ''})`;
    },
  );
}
