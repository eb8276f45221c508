/** Moves of the app's own plan: a worker is drained move by move, paused, gone on with, reported, and taken back. */
import { goTo } from '../../support/e2e-driver';
import { connectToNode, valueOf } from '../../support/practice-endpoint';
import { operationDone } from './guide';
import type { TourGuide } from './guide';

const placements =
  "SELECT md5(string_agg(shardid || ' ' || groupid, ',' ORDER BY shardid, groupid)) FROM pg_dist_placement";
const onFirstWorker = `SELECT count(*) FROM pg_dist_placement l JOIN pg_dist_shard s USING (shardid)
  JOIN pg_dist_partition t USING (logicalrelid)
 WHERE t.partmethod = 'h' AND l.groupid = (SELECT min(groupid) FROM pg_dist_node WHERE groupid > 0)`;

export async function moves({ dataFolder, page, picture, step }: TourGuide): Promise<void> {
  const before = await valueOf(dataFolder, placements);
  const run = page.getByRole('button', { name: /^Run \d+ steps?$/ });
  await step(
    'moves one by one',
    async () => {
      await goTo(page, 'Rebalance');
      await page.getByRole('radio', { name: 'Fewest bytes' }).check({ timeout: 60_000 });
      await page.getByRole('tab', { name: 'Nodes' }).click();
      await page.getByRole('combobox', { name: 'Part of worker-1' }).selectOption('drain');
      await page.getByRole('button', { name: /^Review \d+ moves?$/ }).click({ timeout: 60_000 });
      await run.waitFor({ timeout: 60_000 });
      await slowMoves(dataFolder);
      await run.click();
      const table = page.getByRole('table', { name: 'Moves one by one' });
      await table
        .getByRole('row', { name: /moving.*(sets up the copy|copies rows|catches up)/ })
        .waitFor({ timeout: 60_000 });
      await picture('moves-running');
      await page.getByRole('button', { name: 'Pause after this move' }).click();
      await page.locator('header').getByText('paused', { exact: true }).waitFor({ timeout: 30_000 });
      await picture('moves-paused');
      await page.getByRole('button', { name: 'Go on…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Go on with the moves' });
      const goOn = dialog.getByRole('button', { name: /^Go on with \d+ moves?$/ });
      await dialog.getByText('each shard still lies where the plan found it').waitFor({ timeout: 30_000 });
      await picture('moves-go-on');
      await goOn.click();
      await operationDone(page, 120_000);
      await picture('moves-report');
    },
    async () => {
      const left = await valueOf(dataFolder, onFirstWorker);
      if (left !== '0') throw new Error(`${left} shards are left on worker-1`);
      return 'no distributed shard is left on worker-1';
    },
  );
  await step(
    'the way back',
    async () => {
      await page.getByRole('button', { name: 'Plan the way back' }).click();
      await run.waitFor({ timeout: 60_000 });
      await picture('moves-way-back');
      await run.click();
      await operationDone(page, 120_000);
    },
    async () => {
      const after = await valueOf(dataFolder, placements);
      if (after !== before) throw new Error('the placements are not what they were');
      return `every shard lies where it lay (${after?.slice(0, 8) ?? ''})`;
    },
  );
}

/** A move takes long enough for a picture and for a pause. */
async function slowMoves(dataFolder: string): Promise<void> {
  const coordinator = await connectToNode(dataFolder);
  try {
    await coordinator.change({
      text: "ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '1500'",
    });
  } finally {
    await coordinator.close();
  }
}
