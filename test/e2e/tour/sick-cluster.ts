/** The cluster is sick: three faults at a time, what the app says of them, and how it sees them mended. */
import { goTo } from '../../support/e2e-driver';
import type { Locator, Page } from 'playwright-core';
import { connectToNode, valueOf } from '../../support/practice-endpoint';
import { clusterMenu } from './guide';
import type { TourGuide } from './guide';

/** As a move that was cut off leaves it: Citus's own name, and nobody reads from it. */
const slot = 'citus_shard_move_slot_9_10_4711';

const nodeRow = (page: Page, node: string): Locator =>
  page.getByRole('grid', { name: 'Nodes' }).getByRole('row').filter({ hasText: node });

async function onNode(dataFolder: string, node: string, ...statements: readonly string[]): Promise<void> {
  const database = await connectToNode(dataFolder, node);
  try {
    for (const text of statements) await database.change({ text });
  } finally {
    await database.close();
  }
}

/** How many workers the coordinator itself reaches, and how many there are. */
async function reachedWorkers(
  dataFolder: string,
): Promise<readonly [reached: string | null, all: string | null]> {
  return [
    await valueOf(
      dataFolder,
      'SELECT count(*) FROM pg_dist_node WHERE groupid > 0 AND citus_check_connection_to_node(nodename, nodeport)',
    ),
    await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node WHERE groupid > 0'),
  ];
}

export async function sickCluster({ page, dataFolder, picture, step }: TourGuide): Promise<void> {
  await step(
    'a worker is killed',
    async () => {
      await onNode(
        dataFolder,
        'worker-1',
        `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`,
      );
      await onNode(
        dataFolder,
        'coordinator',
        `ALTER SYSTEM SET citus.max_background_task_executors = '64'`,
        'SELECT pg_reload_conf()',
      );
      await goTo(page, 'Nodes');
      await picture('node-words');
      await clusterMenu(page, /^Kill worker-2/);
      await page.getByRole('button', { name: 'Kill worker-2' }).click();
      await nodeRow(page, 'worker-2').getByText('unreachable', { exact: true }).waitFor({ timeout: 30_000 });
      await nodeRow(page, 'worker-2').click();
      await picture('node-unreachable');
    },
    async () => {
      const [reached, all] = await reachedWorkers(dataFolder);
      if (Number(reached) !== Number(all) - 1)
        throw new Error(`the coordinator reaches ${reached} of ${all}`);
      return `the coordinator reaches ${reached} of ${all} workers`;
    },
  );
  await step(
    'health with three faults',
    async () => {
      await goTo(page, 'Health');
      await page.getByRole('button', { name: 'Check again' }).click();
      const findings = page.getByRole('list', { name: 'Findings, worst first' });
      for (const words of [
        /worker-2 does not answer/,
        /max_worker_processes is too low/,
        /Idle replication slots/,
      ])
        await findings.getByText(words).first().waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: 'Cancel' }).waitFor({ state: 'detached', timeout: 60_000 });
      await picture('health-sick');
      await findings.getByText(/Idle replication slots/).click();
      await picture('health-idle-slot');
    },
    async () => {
      const idle = await valueOf(
        dataFolder,
        `SELECT count(*) FROM pg_replication_slots WHERE slot_name = '${slot}' AND NOT active`,
        'worker-1',
      );
      const [executors, processes] = [
        await valueOf(dataFolder, 'SHOW citus.max_background_task_executors'),
        await valueOf(dataFolder, 'SHOW max_worker_processes'),
      ];
      if (idle !== '1' || Number(executors) <= Number(processes))
        throw new Error(`${idle} idle slots, ${executors} executors, ${processes} processes`);
      return `worker-2 is killed; on worker-1 slot ${slot} is idle; the coordinator wants ${executors} executors of ${processes} processes`;
    },
  );
  await step(
    'the worker is back',
    async () => {
      await onNode(dataFolder, 'worker-1', `SELECT pg_drop_replication_slot('${slot}')`);
      await onNode(
        dataFolder,
        'coordinator',
        'ALTER SYSTEM RESET citus.max_background_task_executors',
        'SELECT pg_reload_conf()',
      );
      await goTo(page, 'Nodes');
      await nodeRow(page, 'worker-2').click();
      await page.getByRole('button', { name: 'Start node' }).click();
      await nodeRow(page, 'worker-2').getByText('active', { exact: true }).waitFor({ timeout: 60_000 });
      // Its sizes are read again a few seconds after it is back.
      await nodeRow(page, 'worker-2').getByText('unknown').waitFor({ state: 'detached', timeout: 60_000 });
      await picture('node-back');
    },
    async () => {
      const [reached, all] = await reachedWorkers(dataFolder);
      if (reached !== all) throw new Error(`the coordinator reaches ${reached} of ${all}`);
      return `the coordinator reaches ${reached} of ${all} workers`;
    },
  );
}
