/** What a chapter of the tour works with: the page, the database behind it, and the way to take a picture. */
import type { Page } from 'playwright-core';
import { waitFor } from '../../support/wait';

export interface TourGuide {
  readonly page: Page;
  readonly dataFolder: string;
  /** A picture of the whole window, numbered by its step. */
  picture(name: string): Promise<void>;
  /** Runs one step; `evidence` reads the database and throws when it does not say what it should. */
  step(name: string, work: () => Promise<void>, evidence: () => Promise<string>): Promise<void>;
}

/** A failed step ends its chapter, and the tour where what follows builds on it. */
export class StepFailed extends Error {}

export async function clusterMenu(page: Page, item: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Commands for Practice A' }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

export async function operationDone(page: Page, limitMs = 90_000): Promise<void> {
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
