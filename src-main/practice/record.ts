/** What is kept of a practice cluster between two starts of the app: one file in its folder, written atomically. */
import { readFile } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { recordFile } from './layout';

const nodeRecord = z.object({
  name: z.string().regex(/^(coordinator|worker-\d{1,3})$/),
  port: z.number().int().min(1).max(65535),
  /** Port under which pg_dist_node lists it; null: not a member. Differs from `port` after the port was taken. */
  registeredPort: z.number().int().min(1).max(65535).nullable(),
});

const practiceRecord = z.object({
  version: z.literal(1),
  practiceId: z.string().regex(/^practice-[0-9a-f]{8,}$/),
  name: z.string().min(1).max(40),
  createdAt: z.string(),
  /** False until `create` or `reset` has come to its end: a half-made cluster is removed at the next start. */
  isComplete: z.boolean(),
  engine: z.string(),
  /** Programs of the real Citus it runs on; null: the emulator. */
  citusBinFolder: z.string().nullable(),
  /** Folder name of the template its nodes are copies of. */
  template: z.string().regex(/^[0-9a-f]+$/),
  /** How many workers it was made with; `reset` goes back to them. */
  workers: z.number().int().min(1).max(8),
  sampleData: z.enum(['none', 'pending', 'loaded']),
  nodes: z.array(nodeRecord),
});

export type PracticeRecord = z.infer<typeof practiceRecord>;
export type NodeRecord = z.infer<typeof nodeRecord>;

/** Throws when the file is missing or is not what this version writes. */
export async function readRecord(folder: string): Promise<PracticeRecord> {
  return parseRecord(await readFile(recordFile(folder), 'utf8'));
}

export function parseRecord(text: string): PracticeRecord {
  return practiceRecord.parse(JSON.parse(text));
}

export async function writeRecord(folder: string, record: PracticeRecord): Promise<void> {
  await writeFileAtomic(recordFile(folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** "Practice A" ... "Practice Z", "Practice AA" ...: the first that is not in use. */
export function nextName(taken: ReadonlySet<string>): string {
  for (let index = 0; ; index += 1) {
    const name = `Practice ${letters(index)}`;
    if (!taken.has(name)) return name;
  }
}

function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}

/** The next free "worker-N". Numbers are not used twice, so that a log or a note stays unambiguous. */
export function nextWorker(nodes: readonly { readonly name: string }[]): string {
  const numbers = nodes.map((node) => Number(/^worker-(\d+)$/.exec(node.name)?.[1] ?? 0));
  return `worker-${Math.max(0, ...numbers) + 1}`;
}
