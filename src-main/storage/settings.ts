/** What a person has set. */
import { join } from 'node:path';
import { settingsInput } from '../contract/app';
import type { Settings, SettingsRecord } from '../contract/app';
import { createStoredFile } from './stored-file';

export interface SettingsStore {
  /** Null, or why the stored settings could not be read, in words. */
  readonly problem: string | null;
  read(): SettingsRecord;
  write(settings: Settings): Promise<SettingsRecord>;
  onChange(listener: (record: SettingsRecord) => void): () => void;
}

export const defaultSettings: Settings = { theme: 'system', refreshSeconds: 5 };

export async function createSettings(parts: {
  readonly folder: string;
  readonly now?: () => Date;
}): Promise<SettingsStore> {
  const file = createStoredFile<Settings>({
    path: join(parts.folder, 'settings.json'),
    subject: 'The settings',
    version: 1,
    schema: settingsInput,
    empty: () => defaultSettings,
    now: parts.now,
  });
  const stored = await file.read();
  let record: SettingsRecord = { ...stored.value, revision: 1 };
  const listeners = new Set<(record: SettingsRecord) => void>();
  return {
    problem: stored.problem,
    read: () => record,
    async write(settings) {
      await file.write(settings);
      record = { ...settings, revision: record.revision + 1 };
      for (const listener of [...listeners]) listener(record);
      return record;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
