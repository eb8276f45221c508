/** How long each cluster's last moves took: what estimates are learned from. */
import { join } from 'node:path';
import { z } from 'zod';
import { log } from '../log/log';
import { createStoredFile } from './stored-file';

const time = z.object({ bytes: z.number().min(0), ms: z.number().min(0) });
const sample = time.extend({ manner: z.enum(['logical', 'blocking']).nullable() });
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

/** Of each manner. More would not change an estimate: a move weighs half as much as one a few moves later. */
const keptPerCluster = 200;

/** Version 1 did not note how rows travelled. */
function fromVersion1(data: unknown): unknown {
  const times = z.record(z.string(), z.array(time)).parse(data);
  return Object.fromEntries(
    Object.entries(times).map(([clusterId, all]) => [
      clusterId,
      all.map((one) => ({ ...one, manner: null })),
    ]),
  );
}

export async function createMoveTimes(parts: { readonly folder: string }): Promise<MoveTimesStore> {
  const file = createStoredFile<Stored>({
    path: join(parts.folder, 'move-times.json'),
    subject: 'The times of earlier moves',
    version: 2,
    schema: stored,
    empty: () => ({}),
    migrate: fromVersion1,
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
      const before = times[clusterId] ?? [];
      const alike = before.filter(({ manner }) => manner === one.manner);
      const oldest = alike.length < keptPerCluster ? undefined : alike[0];
      keep({ ...times, [clusterId]: [...before.filter((other) => other !== oldest), one] });
    },
    forget(clusterId) {
      if (!(clusterId in times)) return;
      const { [clusterId]: _forgotten, ...rest } = times;
      keep(rest);
    },
  };
}
