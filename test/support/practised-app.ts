/** The app with a practice cluster for all tests of a file; quit, and its folder removed, at the end. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Page } from 'playwright-core';
import { newDataFolder, removeDataFolder, startApp } from './app';
import type { DrivenApp } from './app';
import { pictureOfFailure, startPractice } from './e2e-driver';

export interface PractisedApp {
  /** Of the app that runs now; throws before it was started. */
  readonly page: Page;
  readonly dataFolder: string;
  readonly pageErrors: DrivenApp['pageErrors'];
}

/** To be called at the top of a file: it sets up before the first test and ends after the last. */
export function usePractisedApp(): PractisedApp {
  let app: DrivenApp | undefined;
  let dataFolder = '';
  const running = (): DrivenApp => {
    if (app === undefined) throw new Error('the app was not started');
    return app;
  };
  beforeAll(async () => {
    dataFolder = newDataFolder();
    app = await startApp({ dataFolder });
    await startPractice(app.page, dataFolder);
  });
  afterEach(({ task }) => pictureOfFailure(task, app?.page));
  afterAll(async () => {
    await app?.quit();
    if (dataFolder !== '') removeDataFolder(dataFolder);
  });
  return {
    get page() {
      return running().page;
    },
    get dataFolder() {
      return dataFolder;
    },
    get pageErrors() {
      return running().pageErrors;
    },
  };
}
