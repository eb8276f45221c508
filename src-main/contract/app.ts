import { z } from 'zod';

export interface AppInfo {
  readonly version: string;
  readonly runtime: { readonly electron: string; readonly chrome: string; readonly node: string };
  readonly platform: string;
  /** Folder of logs, journal, audit trail and settings. */
  readonly dataFolder: string;
  /** Asked for on the command line: open a practice cluster at once. */
  readonly startWithPractice: boolean;
}

export interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

export const themes = ['system', 'light', 'dark', 'contrast'] as const;
export type Theme = (typeof themes)[number];

export const settingsInput = z.object({
  theme: z.enum(themes),
  /** Seconds between two readings of an open cluster's catalogs. */
  refreshSeconds: z.number().int().min(2).max(600),
});
export type Settings = z.infer<typeof settingsInput>;
export interface SettingsRecord extends Settings {
  readonly revision: number;
}

export const copyInput = z.object({ text: z.string().max(10_000_000) });
export const saveFileInput = z.object({
  suggestedName: z.string().min(1).max(200),
  text: z.string().max(50_000_000),
});

/** Something that happened beside what the person was doing. */
export interface Notice {
  readonly noticeId: string;
  readonly revision: number;
  readonly at: string;
  readonly level: 'fine' | 'mind' | 'bad' | 'busy';
  readonly title: string;
  readonly text: string;
  readonly clusterId: string | null;
}
