/**
 * Moves of the app's own plan: a worker is drained move by move, paused, gone on with, reported, and taken back, while a
 * transaction in doubt stands in the way.
 */
import { goTo } from '../../support/e2e-driver';
import { connectToNode, recordedClusters, valueOf } from '../../support/practice-endpoint';
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
  let inDoubt: readonly string[] = [];
  await step(
    'a move that does not come on',
    async () => {
      await page.getByRole('button', { name: 'Plan the way back' }).click();
      await run.waitFor({ timeout: 60_000 });
      await picture('moves-way-back');
      inDoubt = await leaveInDoubt(dataFolder);
      await run.click();
      // Two minutes without progress, and a moment for the nodes to be asked.
      await page
        .getByText(/^No progress for \d+ minutes?: a prepared transaction on worker-\d holds a lock/)
        .waitFor({ timeout: 300_000 });
      await picture('moves-stalled');
      await goTo(page, 'Health');
      await page.getByRole('button', { name: 'Check again' }).click();
      const findings = page.getByRole('list', { name: 'Findings, worst first' });
      const finding = findings.getByText(/transactions? in doubt for more than a minute/);
      await finding.waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached', timeout: 60_000 });
      await finding.click();
      await picture('health-in-doubt');
    },
    async () => {
      const found = await Promise.all(
        inDoubt.map((node) =>
          valueOf(dataFolder, `SELECT gid FROM pg_prepared_xacts WHERE gid = '${gid}'`, node),
        ),
      );
      if (found.some((one) => one !== gid)) throw new Error(`${found.join(', ')} on ${inDoubt.join(', ')}`);
      return `${gid} is prepared on ${inDoubt.join(' and ')}, and locks the shards of permits there`;
    },
  );
  await step(
    'the way back',
    async () => {
      for (const node of inDoubt) await onNode(dataFolder, node, [`ROLLBACK PREPARED '${gid}'`]);
      await goTo(page, 'Operations');
      await page
        .getByRole('grid')
        .getByRole('link', { name: /^Move \d+ shard groups?$/ })
        .first()
        .click();
      await operationDone(page, 180_000);
      await picture('moves-back-again');
    },
    async () => {
      const after = await valueOf(dataFolder, placements);
      if (after !== before) throw new Error('the placements are not what they were');
      return `every shard lies where it lay (${after?.slice(0, 8) ?? ''})`;
    },
  );
}

/** A transaction that some program prepared, and never decided: it keeps its locks. */
const gid = 'transfer-of-permits-4711';

/** Every worker that holds shards of permits which the way back moves; the names of those. */
async function leaveInDoubt(dataFolder: string): Promise<readonly string[]> {
  const workers = (recordedClusters(dataFolder)[0]?.nodes ?? []).filter(
    ({ name }) => name !== 'coordinator' && name !== 'worker-1',
  );
  const held: string[] = [];
  for (const { name, port } of workers) {
    const shards = await valueOf(
      dataFolder,
      `SELECT string_agg('permits_' || shardid, ', ') FROM pg_dist_placement JOIN pg_dist_node USING (groupid)
         JOIN pg_dist_shard USING (shardid) WHERE logicalrelid = 'permits'::regclass AND nodeport = ${port}`,
    );
    if (shards === null) continue;
    await onNode(dataFolder, name, [
      'BEGIN',
      `LOCK TABLE ${shards} IN SHARE MODE`,
      `PREPARE TRANSACTION '${gid}'`,
    ]);
    held.push(name);
  }
  return held;
}

/** A move takes long enough for a picture and for a pause. */
function slowMoves(dataFolder: string): Promise<void> {
  return onNode(dataFolder, 'coordinator', [
    "ALTER DATABASE postgres SET shardboard.practice_move_delay_ms = '1500'",
  ]);
}

async function onNode(dataFolder: string, node: string, statements: readonly string[]): Promise<void> {
  const database = await connectToNode(dataFolder, node);
  try {
    for (const text of statements) await database.change({ text });
  } finally {
    await database.close();
  }
}
