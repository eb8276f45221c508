/** Ways through the real app that several end-to-end tests take, and what it leaves on the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { AuditEntry } from '../../src-main/contract/audit';
import { repository } from './bare-start';
import { recordedClusters } from './practice-endpoint';
import { isAlive } from './processes';
import { waitFor } from './wait';

/** From the welcome page to the topology of a practice cluster with its sample data. */
export async function startPractice(page: Page, dataFolder: string): Promise<void> {
  await page.getByRole('button', { name: 'Start a practice cluster' }).click();
  await page.getByRole('heading', { name: 'Topology' }).waitFor({ timeout: 90_000 });
  await sampleDataLoaded(dataFolder);
}

export async function sampleDataLoaded(dataFolder: string): Promise<void> {
  await waitFor('the sample data', () => recordedClusters(dataFolder)[0]?.sampleData === 'loaded', 180_000);
}

/** Chooses a subject of the open cluster in the rail. */
export async function goTo(page: Page, subject: string): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Clusters and their subjects' })
    .getByRole('link', { name: new RegExp(`^${subject}`) })
    .click();
  await page.getByRole('heading', { level: 1, name: new RegExp(`^${subject}`) }).waitFor();
}

export async function clusterCommand(page: Page, item: RegExp, cluster = 'Practice A'): Promise<void> {
  await page.getByRole('button', { name: `Commands for ${cluster}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** Opens the palette, types, and runs what was found first. */
export async function fromPalette(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+K');
  const palette = page.getByRole('dialog', { name: 'Find a table, node, command' });
  const field = palette.getByRole('combobox');
  await field.waitFor();
  await field.pressSequentially(text);
  await palette.getByRole('option', { selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await palette.waitFor({ state: 'detached' });
}

/** The plan that runs as a job of the cluster, whichever of the two was shown first. */
export async function chooseCitusPlan(page: Page): Promise<void> {
  await page.getByRole('radio', { name: "Citus's own plan" }).check({ timeout: 60_000 });
}

export function runButton(page: Page): Locator {
  return page.getByRole('button', { name: /^Run \d+ steps?$/ });
}

/** The SQL that a review shows, step by step, one statement a line as the panel has it. */
export async function reviewedSql(page: Page): Promise<readonly string[]> {
  await runButton(page).waitFor({ timeout: 60_000 });
  const rows = page.getByRole('grid', { name: 'Steps of the plan' }).locator('tbody tr');
  const shown: string[] = [];
  for (let index = 0; index < (await rows.count()); index += 1) {
    await rows.nth(index).click();
    await page.getByRole('heading', { name: `Step ${index + 1} runs` }).waitFor();
    const code = page.getByRole('group', { name: `SQL of step ${index + 1}` });
    if ((await code.count()) > 0) shown.push(...splitStatements((await code.textContent()) ?? ''));
  }
  return shown;
}

/** Statements of a script as the app writes it: each ends with ";" at the end of a line. */
export function splitStatements(script: string): readonly string[] {
  return script
    .split(/;\s*(?:\n|$)/)
    .map(plainSql)
    .filter((statement) => statement !== '');
}

/** Blanks and the last semicolon say nothing. */
export function plainSql(statement: string): string {
  return statement.replace(/;\s*$/, '').replaceAll(/\s+/g, ' ').trim();
}

/** Waits on the page of an operation until it is done; another end is an error that carries what the page says. */
export async function operationDone(page: Page, limitMs = 120_000): Promise<void> {
  await waitFor(
    'the operation to be done',
    async () => {
      const head = page.locator('header.head');
      for (const word of ['failed', 'cancelled', 'waits for a decision']) {
        if ((await head.getByText(word, { exact: true }).count()) > 0) {
          throw new OperationEnded(`${word}: ${(await page.locator('main').innerText()).slice(0, 2_000)}`);
        }
      }
      return (await head.getByText('done', { exact: true }).count()) > 0;
    },
    limitMs,
    150,
  );
}

class OperationEnded extends Error {}

export function auditTrail(dataFolder: string): readonly AuditEntry[] {
  return readFileSync(join(dataFolder, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEntry);
}

/** Statements of the trail that were sent, in their order; `operationId` null: of every operation. */
export function sentStatements(dataFolder: string, operationId: string | null = null): readonly string[] {
  return auditTrail(dataFolder)
    .filter((entry) => entry.outcome === 'started')
    .filter((entry) => operationId === null || entry.operationId === operationId)
    .map((entry) => plainSql(entry.statement));
}

/** Of the operation whose page is open. */
export async function shownOperationId(page: Page): Promise<string> {
  return waitFor('the page of an operation', () => /\/operations\/([\w-]+)$/.exec(page.url())?.[1]);
}

/** Every process whose command line names the folder: the app's own and its servers. */
export function processesOf(folder: string): readonly { readonly pid: number; readonly command: string }[] {
  const found: { pid: number; command: string }[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (command.includes(folder) && isAlive(Number(name))) found.push({ pid: Number(name), command });
    } catch {
      // Ended while it was looked at.
    }
  }
  return found;
}

export async function nothingLeftOf(folder: string): Promise<void> {
  await waitFor(
    `no process that uses ${folder}`,
    () => {
      const left = processesOf(folder);
      if (left.length > 0) throw new Error(left.map(({ pid, command }) => `${pid} ${command}`).join('\n'));
      return true;
    },
    15_000,
  );
}

/** Presses Tab until the wanted control has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, wanted: Locator, limit = 60): Promise<void> {
  for (let presses = 0; presses <= limit; presses += 1) {
    const target = await wanted.first().elementHandle();
    if (target && (await target.evaluate((element) => element === document.activeElement))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${limit} presses of Tab did not reach ${String(wanted)}`);
}

/** For `afterEach`: what the window showed when a test failed lies in out/test/. */
export async function pictureOfFailure(
  task: { readonly name: string; readonly result?: { readonly state: string } | undefined },
  page: Page | undefined,
): Promise<void> {
  if (task.result?.state !== 'fail' || page === undefined) return;
  const file = join(repository, 'out', 'test', `${task.name.replaceAll(/[^\w]+/g, '-').slice(0, 80)}.png`);
  await page.screenshot({ path: file }).catch(() => undefined);
}
