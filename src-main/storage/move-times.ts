/** How long each cluster's last moves took: what estimates are learned from. */
import { join } from 'node:path';
import { z } from 'zod';
import { log } from '../log/log';
import { createStoredFile } from './stored-file';

const sample = z.object({ bytes: z.number().min(0), ms: z.number().min(0) });
const stored = z.record(z.string(), z.array(sample));
type Stored = z.infer<typeof stored>;
type Sample = z.infer<typeof sample>;

export interface MoveTimesStore {
  /** Null, or why what was stored could not be read, in words. */
  readonly problem: string | null;
  /** Oldest first. */
  samples(clusterId: string): readonly Sample[];
  note(clusterId: string, sample: Sample): void;
  /** The cluster was removed from the list. */
  forget(clusterId: string): void;
}

/** More would not change an estimate: a move weighs half as much as one a few moves later. */
const keptPerCluster = 200;

export async function createMoveTimes(parts: { readonly folder: string }): Promise<MoveTimesStore> {
  const file = createStoredFile<Stored>({
    path: join(parts.folder, 'move-times.json'),
    subject: 'The times of earlier moves',
    version: 1,
    schema: stored,
    empty: () => ({}),
  });
  const { value, problem } = await file.read();
  let times: Stored = value;
  const keep = (next: Stored): void => {
    times = next;
    // Worth an estimate, not worth an error: what is lost is learned again.
    file.write(times).catch((error: unknown) => log.warn('the times of moves were not stored', error));
  };
  return {
    problem,
    samples: (clusterId) => times[clusterId] ?? [],
    note(clusterId, one) {
      keep({ ...times, [clusterId]: [...(times[clusterId] ?? []), one].slice(-keptPerCluster) });
    },
    forget(clusterId) {
      if (!(clusterId in times)) return;
      const { [clusterId]: _forgotten, ...rest } = times;
      keep(rest);
    },
  };
}
