/** Engines and templates, each prepared at its first use and shared by all clusters. */
import { existsSync } from 'node:fs';
import type { connectDatabase } from '../connections/database';
import type { Account } from './account';
import { prepareEngine } from './engine';
import type { Engine } from './engine';
import { makePassable } from './folders';
import { templatesFolder } from './layout';
import { ensureTemplate, findTemplate } from './template';
import type { Template } from './template';

export interface Engines {
  /** Programs of a real Citus; null: the emulator. A cluster stays on the engine it was made on. */
  at(citusBinFolder: string | null): Promise<Engine>;
  /** The template of that name, or a new one when it is gone or none is named. */
  templateOf(engine: Engine, hash: string | null): Promise<Template>;
}

export interface EnginesOptions {
  readonly binariesFolder: string;
  readonly resourcesFolder: string;
  readonly guardProgram: string | null;
  readonly connect: typeof connectDatabase;
  base(): Promise<{ readonly account: Account | null; readonly dataFolder: string }>;
}

export function createEngines(options: EnginesOptions): Engines {
  const { guardProgram, connect, base } = options;
  const known = new Map<string | null, () => Promise<Engine>>();
  const making = new Map<Engine, Promise<Template>>();
  return {
    at(citusBinFolder) {
      const prepared =
        known.get(citusBinFolder)
        ?? once(async () => prepareEngine({ ...options, citusBinFolder }, (await base()).account));
      known.set(citusBinFolder, prepared);
      return prepared();
    },
    async templateOf(engine, hash) {
      const { account, dataFolder } = await base();
      const folder = templatesFolder(dataFolder);
      const existing = hash === null ? null : await findTemplate(folder, hash);
      if (existing) return existing;
      const underway = making.get(engine);
      if (underway) return underway;
      const made = makePassable(folder, account).then(() =>
        ensureTemplate(folder, { engine, account, guardProgram, connect }),
      );
      making.set(engine, made);
      return made.finally(() => making.delete(engine));
    },
  };
}

/** Where the kernel can be asked to end a server with the app; elsewhere the next start cleans up. */
export function findGuardProgram(): string | null {
  if (process.platform !== 'linux') return null;
  return ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) ?? null;
}

/** Runs `work` at the first call; a failed attempt is repeated at the next. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = null;
      throw error;
    });
    return result;
  };
}
