/**
 * The real app, gone through as a person would, chapter by chapter. A picture a step, and a report whose outcomes are
 * read from the database.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDataFolder, removeDataFolder, startApp } from '../support/app';
import { addNode } from './tour/add-node';
import { advisor } from './tour/advisor';
import { auditTrail } from './tour/audit-trail';
import { darkTheme } from './tour/dark-theme';
import { distributeTable } from './tour/distribute-table';
import { firstLook } from './tour/first-look';
import { StepFailed } from './tour/guide';
import type { TourGuide } from './tour/guide';
import { history } from './tour/history';
import { manyNodes } from './tour/many-nodes';
import { moves } from './tour/moves';
import { rebalance } from './tour/rebalance';
import { sickCluster } from './tour/sick-cluster';
import { tables } from './tour/tables';
import { rebalancePlanner } from './tour/rebalance-planner';
import { tableSet } from './tour/table-set';

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

interface Chapter {
  readonly run: (guide: TourGuide) => Promise<void>;
  /** What comes after it builds on what it did. */
  readonly isGround: boolean;
}

/** In the order in which a newcomer would go through the app. */
const chapters: readonly Chapter[] = [
  { run: firstLook, isGround: true },
  { run: tables, isGround: false },
  { run: advisor, isGround: false },
  { run: addNode, isGround: true },
  { run: distributeTable, isGround: true },
  { run: rebalancePlanner, isGround: false },
  { run: tableSet, isGround: false },
  { run: rebalance, isGround: false },
  { run: moves, isGround: false },
  { run: auditTrail, isGround: false },
  { run: sickCluster, isGround: false },
  { run: history, isGround: false },
  { run: darkTheme, isGround: false },
  { run: manyNodes, isGround: false },
];

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
    if (outcome === 'failed') throw new StepFailed(name);
  };

  try {
    await page.setViewportSize({ width: 1440, height: 900 });
    for (const chapter of chapters) {
      try {
        await chapter.run({ page, dataFolder, picture, step });
      } catch (error) {
        if (!(error instanceof StepFailed)) throw error;
        if (chapter.isGround) break;
      }
    }
  } finally {
    await app.quit().catch((error: unknown) => say(`the app did not quit: ${String(error)}`));
    removeDataFolder(dataFolder);
  }
  const report: TourReport = { startedAt, steps, pageErrors: app.pageErrors };
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  return report;
}
