/** The app itself: what it is, its settings, clipboard and files of the person's choosing. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { AppInfo, Licence, Notice } from '../../contract/app';
import { FailureError } from '../../contract/failure';
import { saveFile } from '../../storage/save-file';
import type { SettingsStore } from '../../storage/settings';
import type { Handlers } from '../serve';

type AppHandlers = Pick<Handlers, Extract<keyof Handlers, `app.${string}` | `settings.${string}`>>;

export interface AppParts {
  readonly info: AppInfo;
  readonly licencesFile: string;
  readonly notices: () => readonly Notice[];
  readonly settings: SettingsStore;
  readonly copyText: (text: string) => void;
  /** Asks the person where; null when the dialog was closed. */
  readonly askForFile: (suggestedName: string) => Promise<string | null>;
}

const licenceList = z.array(
  z.object({ name: z.string(), version: z.string(), licence: z.string(), text: z.string() }),
);

export function appHandlers(parts: AppParts): AppHandlers {
  return {
    'app.info': () => parts.info,
    'app.licences': () => readLicences(parts.licencesFile),
    'app.notices': () => parts.notices(),
    'app.copyText': ({ text }) => {
      parts.copyText(text);
      return null;
    },
    'app.saveTextFile': async ({ suggestedName, text }) => {
      const path = await parts.askForFile(suggestedName);
      if (path === null) return null;
      await saveFile(path, text);
      return { path };
    },
    'settings.read': () => parts.settings.read(),
    'settings.write': (settings) => parts.settings.write(settings),
  };
}

async function readLicences(file: string): Promise<readonly Licence[]> {
  try {
    return licenceList.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new FailureError(
      {
        kind: 'storage',
        message: 'The list of licences cannot be read.',
        remedy: 'Install the app again, or build it with "npm start".',
      },
      { cause },
    );
  }
}
