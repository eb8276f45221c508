import { describe, expect, it } from 'vitest';
import { runningLine } from '../../../src-renderer/shell/running-line';
import { anOperation, aProgress } from '../../support/cluster-records';

describe('runningLine', () => {
  it('is nothing when nothing runs', () => {
    expect(runningLine([anOperation({ state: 'done' })], undefined)).toBeNull();
  });

  it('tells moves, bytes and the range of a job', () => {
    expect(runningLine([anOperation()], aProgress())).toEqual({
      state: 'busy',
      text: 'Rebalance: 3 of 8 moves, 61 of 164 MB, 40 to 70 s left',
    });
  });

  it('says nothing of a job whose operation is done', () => {
    const { job } = aProgress();
    expect(runningLine([anOperation({ state: 'done', jobId: job.jobId })], aProgress())).toBeNull();
    expect(runningLine([anOperation({ state: 'done', jobId: 'another' })], aProgress())?.state).toBe('busy');
  });

  it('leaves out what is not known', () => {
    const progress = aProgress({ bytesDone: null, bytesTotal: null, remainingSeconds: null });
    expect(runningLine([], progress)?.text).toBe('Rebalance: 3 of 8 moves');
  });

  it('puts what waits for a person before what runs', () => {
    const waiting = anOperation({ operationId: 'o2', title: 'Add node', state: 'needs-person' });
    expect(runningLine([anOperation(), waiting], aProgress())).toEqual({
      state: 'bad',
      text: 'Add node: waits for a decision',
    });
  });

  it('counts the steps of an operation without a job', () => {
    const step = {
      stepId: 's',
      title: 's',
      where: 'n',
      statements: [],
      blocks: 'nothing',
      undo: '',
      canBeUndone: true,
      expectedMs: null,
      countsAsDoneWhen: '',
      ifInterrupted: '',
      action: { type: 'follow-job' },
      startedAt: null,
      endedAt: null,
      outcome: null,
      progress: null,
      remainingMs: null,
      stall: null,
      items: [],
      notices: [],
      failure: null,
    } as const;
    const operation = anOperation({
      title: 'Add node',
      jobId: null,
      steps: [
        { ...step, state: 'done' },
        { ...step, state: 'running' },
        { ...step, state: 'waiting' },
      ],
    });
    expect(runningLine([operation], undefined)?.text).toBe('Add node, step 2 of 3');
  });
});
