/** What the app was asked for on its command line. */
export interface CommandLine {
  /** Open a practice cluster at once: the newest that exists, else a new one. */
  readonly startWithPractice: boolean;
}

/** Chromium's own switches and the application folder stand among the arguments; what is not ours is left alone. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  return { startWithPractice: args.includes('--practice') };
}
