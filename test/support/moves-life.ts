/**
 * What an app does in a test that kills it: plans and starts moves over a practice cluster, with a journal and an audit
 * trail on the disk. It dies at the record of the journal that it was told, without a chance to tidy up; else it stays
 * until it is killed.
 */
import { join } from 'node:path';
import type { OperationRequest } from '../../src-main/contract/operations';
import { createJournal } from '../../src-main/operations/journal';
import type { Journal, JournalEvent, JournalRecord } from '../../src-main/operations/journal';
import type { PracticeEndpoint } from '../../src-main/practice/practice-service';
import { operate } from './operated-cluster';

/** The first record like this: the app is gone before it is on the disk, or right after. */
export interface Death {
  readonly type: JournalEvent['type'];
  readonly stepId?: string;
  /** Of the move. */
  readonly itemState?: string;
  readonly when: 'before' | 'after';
}

export interface MovesLife {
  /** Of the coordinator. */
  readonly endpoint: PracticeEndpoint;
  readonly folder: string;
  readonly request: OperationRequest;
  /** Null: somebody else ends it. */
  readonly dieAt: Death | null;
}

export async function live({ endpoint, folder, request, dieAt }: MovesLife): Promise<void> {
  const operated = await operate(
    { endpoint: async () => endpoint },
    folder,
    {},
    mortal(createJournal(join(folder, 'operations')), dieAt),
  );
  await operated.start(await operated.planned(request));
  setInterval(() => undefined, 1_000);
}

function mortal(journal: Journal, dieAt: Death | null): Journal {
  return {
    ...journal,
    async append(operationId, record) {
      const isTheEnd = dieAt !== null && isLike(record, dieAt);
      if (isTheEnd && dieAt.when === 'before') await die();
      await journal.append(operationId, record);
      if (isTheEnd) await die();
    },
  };
}

function isLike(record: JournalRecord, { type, stepId, itemState }: Death): boolean {
  return (
    record.type === type
    && (stepId === undefined || ('stepId' in record && record.stepId === stepId))
    && (itemState === undefined || (record.type === 'item' && record.item.state === itemState))
  );
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}
