/** An app in a process of its own that makes moves, to be killed in their middle. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { MovesLife } from './moves-life';
import { waitFor } from './wait';

export interface MovesApp {
  /** Without a chance to tidy up. */
  kill(): void;
  /** Resolves when it was killed, by itself or from outside; fails where it ended otherwise, with what it said. */
  dead(): Promise<void>;
}

export function startMovesApp(life: MovesLife): MovesApp {
  const script = resolve(import.meta.dirname, 'moves-child.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(life)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
  let end: { readonly code: number | null; readonly signal: string | null } | null = null;
  child.on('exit', (code, signal) => (end = { code, signal }));
  return {
    kill: () => void child.kill('SIGKILL'),
    async dead() {
      const { code, signal } = await waitFor('the app to be dead', () => end, 120_000);
      if (signal !== 'SIGKILL')
        throw new Error(`it ended with ${code ?? signal ?? ''}: ${said.slice(-2_000)}`);
    },
  };
}
