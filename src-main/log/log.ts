/** Where the app writes what it did, for a person who has to find out why. Everything passes through `redact`. */
import { redact } from './redact';

export type LogLevel = 'error' | 'warn' | 'info';
type Sink = (level: LogLevel, text: string) => void;

let sink: Sink = () => undefined;

/** Set once by the composition root; tests and benchmarks leave it silent. */
export function setLogSink(next: Sink): void {
  sink = next;
}

function write(level: LogLevel, text: string, context?: unknown): void {
  const rest = context === undefined ? '' : ` ${describe(context)}`;
  sink(level, redact(text + rest));
}

function describe(context: unknown): string {
  if (context instanceof Error) return context.stack ?? context.message;
  try {
    return JSON.stringify(context);
  } catch {
    return String(context);
  }
}

export const log = {
  error: (text: string, context?: unknown): void => write('error', text, context),
  warn: (text: string, context?: unknown): void => write('warn', text, context),
  info: (text: string, context?: unknown): void => write('info', text, context),
};
