/**
 * The main job in the real app, as a person would do it: practice cluster, topology, add a node, distribute a table,
 * rebalance, audit trail. A picture a step, and a report whose outcomes are read from the database.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import { connectToNode, recordedClusters, valueOf } from '../support/practice-endpoint';
import { waitFor } from '../support/wait';

export interface TourStep {
  readonly step: string;
  readonly outcome: 'passed' | 'failed';
  /** What the database said. */
  readonly evidence: string;
  readonly pictures: readonly string[];
  readonly seconds: number;
}

export interface TourReport {
  readonly startedAt: string;
  readonly steps: readonly TourStep[];
  /** Errors of the page's console; there should be none. */
  readonly pageErrors: readonly string[];
}

export interface TourOptions {
  readonly folder: string;
  readonly say: (text: string) => void;
}

export async function tour({ folder, say }: TourOptions): Promise<TourReport> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const dataFolder = newDataFolder();
  const app = await startApp({ dataFolder });
  const { page } = app;
  const steps: TourStep[] = [];
  let pictures: string[] = [];
  const startedAt = new Date().toISOString();

  const picture = async (name: string): Promise<void> => {
    const file = `${String(steps.length + 1).padStart(2, '0')}-${name}.png`;
    // Toasts and hovered buttons are of the moment, not of the screen.
    await page.mouse.move(700, 895);
    await page.screenshot({ path: join(folder, file), animations: 'disabled' });
    pictures.push(file);
  };
  /** Runs one step; `evidence` reads the database and throws when it does not say what it should. */
  const step = async (
    name: string,
    work: () => Promise<void>,
    evidence: () => Promise<string>,
  ): Promise<void> => {
    const begin = Date.now();
    pictures = [];
    let outcome: TourStep['outcome'] = 'passed';
    let words: string;
    try {
      await work();
      words = await evidence();
    } catch (error) {
      outcome = 'failed';
      words = error instanceof Error ? error.message : String(error);
      await picture('failed').catch(() => undefined);
    }
    const seconds = (Date.now() - begin) / 1000;
    steps.push({ step: name, outcome, evidence: words, pictures, seconds });
    say(
      `${outcome === 'passed' ? 'passed' : 'FAILED'}: ${name} (${seconds.toFixed(1)} s): ${words.split('\n')[0]}`,
    );
    if (outcome === 'failed') throw new TourEnded();
  };

  try {
    await page.setViewportSize({ width: 1440, height: 900 });
    await step(
      'welcome',
      async () => {
        await page.getByRole('button', { name: 'Start a practice cluster' }).waitFor();
        await picture('welcome');
      },
      () => Promise.resolve('no cluster exists yet'),
    );

    await step(
      'practice cluster starts',
      async () => {
        await page.getByRole('button', { name: 'Start a practice cluster' }).click();
        await page
          .getByText(/Starting|Creating|Making|Preparing/i)
          .first()
          .waitFor();
        await picture('practice-starting');
        await page.getByRole('heading', { name: 'Topology' }).waitFor({ timeout: 60_000 });
      },
      async () => {
        const nodes = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_node WHERE isactive');
        if (nodes !== '3') throw new Error(`expected 3 active nodes, found ${nodes}`);
        return `${nodes} active nodes in pg_dist_node; ${await valueOf(dataFolder, 'SELECT citus_version()')}`;
      },
    );

    await step(
      'topology',
      async () => {
        await waitFor(
          'the sample data',
          () => recordedClusters(dataFolder)[0]?.sampleData === 'loaded',
          120_000,
        );
        // The page reads the catalogs on a beat of its own.
        await page.getByText(/3 nodes · 9 tables · /).waitFor({ timeout: 60_000 });
        await waitFor('sizes on the topology', () => page.getByText(/, \d+(\.\d)? MB/).count(), 60_000);
        await picture('topology');
        await page.getByRole('button', { name: 'Table', exact: true }).click();
        await page.getByRole('grid').first().waitFor();
        await picture('topology-table');
        await page.getByRole('button', { name: 'Matrix', exact: true }).click();
        await picture('topology-matrix');
        await page.getByRole('button', { name: 'Graph', exact: true }).click();
      },
      async () => {
        const tables = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_partition');
        const shards = await valueOf(dataFolder, 'SELECT count(*) FROM pg_dist_shard');
        if (!(Number(shards) > 10)) throw new Error(`expected shards of the sample data, found ${shards}`);
        return `${tables} tables, ${shards} shards in the catalogs`;
      },
    );

    await step(
      'health',
      async () => {
        await subject(page, 'Health');
        await page
          .getByText(/all \d+ checks are fine/i)
          .first()
          .waitFor({ timeout: 60_000 });
        await picture('health');
      },
      async () => {
        const unreachable = await valueOf(
          dataFolder,
          'SELECT count(*) FROM citus_check_cluster_node_health() WHERE result IS NOT TRUE',
        );
        if (unreachable !== '0') throw new Error(`${unreachable} connections between nodes fail`);
        return 'every node reaches every node';
      },
    );

    await step(
      'add node',
      async () => {
        await clusterMenu(page, /Start an empty node/);
        const offer = page.getByRole('button', { name: /Add it to the cluster/ });
        await offer.waitFor({ timeout: 60_000 });
        await offer.click();
        await page.getByRole('heading', { name: 'Add a node' }).waitFor();
        await picture('add-node');
        await page.getByRole('button', { name: 'Review steps' }).click();
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
        await picture('add-node-review');
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
        await operationDone(page);
        await picture('add-node-done');
      },
      async () => {
        const port = recordedClusters(dataFolder)[0]?.nodes.at(-1)?.port;
        const found = await valueOf(
          dataFolder,
          `SELECT format('node %s on port %s, active %s, holds shards %s', nodeid, nodeport, isactive, shouldhaveshards)
             FROM pg_dist_node WHERE nodeport = ${port} AND isactive AND metadatasynced`,
        );
        if (found === null) throw new Error(`no active node on port ${port}`);
        return found;
      },
    );

    await step(
      'distribute table',
      async () => {
        const database = await connectToNode(dataFolder);
        try {
          await database.change({
            text: `CREATE TABLE documents (document_id bigint GENERATED ALWAYS AS IDENTITY, agency_id bigint NOT NULL,
                     title text NOT NULL, pages integer, PRIMARY KEY (agency_id, document_id))`,
          });
          await database.change({
            text: `INSERT INTO documents (agency_id, title, pages)
                   SELECT 1 + i % 40, 'Document ' || i, 1 + i % 300 FROM generate_series(1, 20000) i`,
          });
          await database.change({ text: 'ANALYZE documents' });
        } finally {
          await database.close();
        }
        await subject(page, 'Tables');
        await page.getByRole('grid').first().waitFor();
        await picture('tables');
        await page.getByRole('tab', { name: /Plain|PostgreSQL/ }).click();
        await page.getByRole('row', { name: /documents/ }).click();
        await picture('tables-plain');
        await page
          .getByRole('button', { name: /^Distribute/ })
          .first()
          .click();
        await page
          .getByRole('heading', { name: /Distribute/ })
          .first()
          .waitFor();
        await page.getByRole('radio', { name: /agency_id/ }).waitFor();
        await picture('distribute');
        await page.getByRole('button', { name: 'Review steps' }).click();
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
        await picture('distribute-review');
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
        await operationDone(page);
        await picture('distribute-done');
      },
      async () => {
        const rows = await valueOf(dataFolder, 'SELECT count(*) FROM documents');
        const shards = await valueOf(
          dataFolder,
          "SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = 'documents'::regclass",
        );
        if (rows !== '20000' || Number(shards) < 2) throw new Error(`${rows} rows in ${shards} shards`);
        return `documents: ${rows} rows in ${shards} shards`;
      },
    );

    await step(
      'rebalance',
      async () => {
        await subject(page, 'Rebalance');
        await page.getByRole('button', { name: /^Review \d+ moves?/ }).waitFor({ timeout: 60_000 });
        await picture('rebalance-plan');
        await page.getByRole('button', { name: /^Review \d+ moves?/ }).click();
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).waitFor({ timeout: 60_000 });
        await picture('rebalance-review');
        await page.getByRole('button', { name: /^Run \d+ steps?$/ }).click();
        await waitFor(
          'the first finished move',
          async () =>
            (await valueOf(dataFolder, "SELECT count(*) FROM pg_dist_background_task WHERE status = 'done'"))
            !== '0',
          90_000,
        );
        await subject(page, 'Topology');
        await page.getByText(/\d receiving/).waitFor();
        await picture('rebalance-topology');
        await subject(page, 'Rebalance');
        await page.getByRole('heading', { name: /^Job \d/ }).waitFor();
        await picture('rebalance-running');
        await subject(page, 'Operations');
        await picture('operations');
        await page
          .getByRole('grid')
          .getByRole('link', { name: /Rebalance/ })
          .first()
          .click();
        await operationDone(page, 180_000);
        await picture('rebalance-done');
        await subject(page, 'Topology');
        await picture('topology-after');
      },
      async () => {
        const job = await valueOf(
          dataFolder,
          'SELECT state FROM pg_dist_background_job ORDER BY job_id DESC LIMIT 1',
        );
        const empty = await valueOf(
          dataFolder,
          `SELECT count(*) FROM pg_dist_node n WHERE shouldhaveshards AND isactive
             AND NOT EXISTS (SELECT FROM pg_dist_placement p WHERE p.groupid = n.groupid)`,
        );
        const rows = await valueOf(dataFolder, 'SELECT count(*) FROM documents');
        if (job !== 'finished' || empty !== '0' || rows !== '20000') {
          throw new Error(`job ${job}, ${empty} empty nodes, ${rows} rows in documents`);
        }
        return `job ${job}, no node is empty, documents still has ${rows} rows`;
      },
    );

    await step(
      'audit trail',
      async () => {
        await subject(page, 'Audit');
        await page.getByRole('button', { name: 'Verify' }).click();
        await page.getByText(/Intact: \d+ entries/).waitFor();
        await page
          .getByRole('row', { name: /citus_rebalance_start/ })
          .first()
          .click();
        await picture('audit');
      },
      async () => {
        const words = await page.getByText(/Intact: \d+ entries/).textContent();
        return (words ?? '').trim();
      },
    );

    await step(
      'dark theme',
      async () => {
        await page.emulateMedia({ colorScheme: 'dark' });
        await subject(page, 'Topology');
        await page.locator('html[data-theme="dark"]').waitFor();
        await picture('topology-dark');
        await page.emulateMedia({ colorScheme: 'light' });
      },
      () => Promise.resolve('the page follows the system'),
    );
  } catch (error) {
    if (!(error instanceof TourEnded)) throw error;
  } finally {
    await app.quit().catch((error: unknown) => say(`the app did not quit: ${String(error)}`));
    removeDataFolder(dataFolder);
  }
  const report: TourReport = { startedAt, steps, pageErrors: app.pageErrors };
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

/** A failed step ends the tour: what follows builds on it. */
class TourEnded extends Error {}

async function subject(page: Page, name: string): Promise<void> {
  await page
    .getByRole('navigation')
    .getByRole('link', { name: new RegExp(`^${name}`) })
    .click();
  await page.getByRole('heading', { level: 1, name: new RegExp(`^${name}`) }).waitFor();
}

async function clusterMenu(page: Page, item: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Commands for Practice A' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

async function operationDone(page: Page, limitMs = 90_000): Promise<void> {
  await waitFor(
    'the operation to end',
    async () => {
      if ((await page.getByText('failed', { exact: true }).count()) > 0)
        throw new Error('the operation failed');
      return page.locator('header').getByText('done', { exact: true }).count();
    },
    limitMs,
  );
}
