/** What goes on beside the requests while a practice cluster runs: the daemon, and the loading of sample data. */
import { toFailure } from '../contract/failure';
import type { Failure } from '../contract/failure';
import { log } from '../log/log';
import type { ClusterState } from './cluster-state';
import { loadSampleData, readSampleSteps } from './sample-data';

export interface ClusterBackground {
  begin(options: { readonly loadSample: boolean }): void;
  /** Resolves when nothing of it is at work any more. */
  end(): Promise<void>;
}

export function createClusterBackground(state: ClusterState): ClusterBackground {
  let control = new AbortController();
  let work: Promise<unknown> = Promise.resolve();
  return {
    begin({ loadSample }) {
      const { signal } = control;
      work = Promise.all([runDaemon(state, signal), loadSample ? loadSampleInto(state, signal) : null]);
    },
    async end() {
      control.abort();
      await work;
      control = new AbortController();
      work = Promise.resolve();
    },
  };
}

async function runDaemon(state: ClusterState, signal: AbortSignal): Promise<void> {
  const { startDaemon } = state.surroundings;
  // Real Citus has its own.
  if (!startDaemon || state.record.engine !== 'emulator') return;
  try {
    await startDaemon({ connect: () => state.connect('coordinator'), signal });
  } catch (error) {
    log.error(`the daemon of ${state.record.name} ended`, toFailure(error));
  }
}

async function loadSampleInto(state: ClusterState, signal: AbortSignal): Promise<void> {
  let failure: Failure | null = null;
  try {
    const steps = await readSampleSteps(state.surroundings.sampleFolder);
    await state.withDatabase('coordinator', (database) =>
      loadSampleData(
        database,
        steps,
        (step, progress) => state.show({ doing: step.title, progress }),
        signal,
      ),
    );
    await state.keep({ sampleData: 'loaded' });
  } catch (error) {
    failure = sampleFailure(toFailure(error));
  }
  // Whoever stopped it shows what comes next.
  if (!signal.aborted) state.show({ phase: 'running', doing: null, progress: null, failure });
}

/** @param cause null: the app ended while it was loaded. */
export function sampleFailure(cause: Failure | null): Failure {
  return {
    ...cause,
    kind: 'practice',
    message: 'The sample data is not complete.',
    meaning: cause
      ? `Loading it ended with: ${cause.message}`
      : 'Loading it was interrupted by the end of the app.',
    remedy: 'Reset the cluster to load it again, or work with what is there.',
  };
}
