// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { InputOf } from '../../../src-main/contract/requests';
import type { ExploredPlan, RebalanceExploration } from '../../../src-main/contract/rebalance';
import RebalanceView from '../../../src-renderer/rebalance/RebalanceView.vue';
import { waitFor } from '../../support/wait';
import { clusterId, makeCluster, makeRebalancePlan } from '../cluster-fixture';
import { button, mountView, showsText } from '../mount-view';
import type { Mounted } from '../mount-view';

const four = makeCluster({ workers: 4, emptyWorkers: 1 });
let mounted: Mounted;
afterEach(() => mounted.end());

type Input = InputOf<'rebalance.explore'>;

const gigabyte = 1024 ** 3;

function plan(moves: number, more: Partial<ExploredPlan> = {}): ExploredPlan {
  return {
    moves: Array.from({ length: moves }, (_, index) => ({
      shardId: String(102_008 + index),
      sourceNodeId: 2,
      targetNodeId: 5,
      tableSet: 0,
      bytes: gigabyte,
      cost: null,
      targetFreeBytes: 90 * gigabyte,
    })),
    bytes: moves * gigabyte,
    durationMs: [60_000, 120_000],
    largestFactor: 1.1,
    notes: [],
    ...more,
  };
}

function explored(input: Input): RebalanceExploration {
  const node = (nodeId: number, label: string, isNew = false) => ({
    nodeId,
    label,
    isNew,
    isRemoved: false,
    capacity: 1,
    rule: null,
    bytes: isNew ? 0 : 10 * gigabyte,
    groups: isNew ? 0 : 8,
    cost: null,
    disk: null,
  });
  return {
    clusterId,
    revision: 1,
    nodes: [
      node(2, 'db-w1:5432'),
      node(5, 'db-w4:5432'),
      ...Array.from({ length: input.whatIf.addedNodes }, (_, index) =>
        node(100 + index, `new node ${index + 1}`, true),
      ),
    ],
    tableSets: [['permits', 'documents']],
    before: { largestFactor: 1.6 },
    verdicts: [
      {
        measure: 'bytes',
        strategy: 'by_disk_size',
        isNeeded: false,
        moves: 0,
        largestFactor: 1.02,
        largestNode: 'db-w1:5432',
        threshold: 0.1,
        reason: 'Every node is within the threshold of 10 % around the average.',
      },
      { measure: 'groups', unknown: 'Not told.' },
    ],
    citus: plan(4),
    ours: plan(3, {
      notes: [{ level: 'mind', code: 'above', message: 'db-w1:5432 ends at 1.30 × the average: pinned.' }],
    }),
    unknown: null,
    isolatedShardId: null,
  };
}

async function open(): Promise<Mounted> {
  const made = makeRebalancePlan(four);
  mounted = await mountView(RebalanceView, {
    fixture: four,
    answers: {
      'rebalance.explore': (input) => explored(input),
      'operations.plan': () => ({ outcome: 'plan', plan: made }),
    },
  });
  await shows('Fewest bytes');
  return mounted;
}

const shows = (text: string): Promise<void> => showsText(mounted, text);

function radio(label: string): ReturnType<Mounted['wrapper']['get']> {
  return mounted.wrapper.get(`input[type=radio][aria-label="${label}"]`);
}

async function tab(label: string): Promise<void> {
  const found = mounted.wrapper.findAll('[role=tab]').find((one) => one.text() === label);
  await found?.trigger('click');
}

describe('the rebalance planner', () => {
  it('says by each measure whether it is needed, and sets the plans beside each other', async () => {
    await open();
    const text = mounted.wrapper.text();
    expect(text).toContain('Every node is within the threshold of 10 %');
    expect(text).toContain('Not told.');
    expect(text).toContain('25 % less to move');
    expect(text).toContain('3 GB');
    expect(text).toContain('4 GB');
  });

  it('asks for our moves one by one as they are fewer bytes, and shows what is noted about them', async () => {
    await open();
    expect(radio('Fewest bytes').element).toHaveProperty('checked', true);
    await shows('ends at 1.30 ×');
    const last = mounted.bridge.calls.filter(({ name }) => name === 'operations.plan').at(-1);
    expect(last?.input).toMatchObject({
      request: {
        kind: 'rebalance-moves',
        moves: plan(3).moves.map(({ shardId, sourceNodeId, targetNodeId }) => ({
          shardId,
          sourceNodeId,
          targetNodeId,
        })),
        transferMode: 'auto',
        constraints: { measure: 'bytes', keepFreeShare: 0.1 },
      },
    });
  });

  it('offers nothing to review while something is only tried out', async () => {
    await open();
    await shows('Review 6 moves');
    await tab('What if');
    await mounted.wrapper.get('input[type=range][max="20"]').setValue('3');
    await shows('new node 3');
    expect(mounted.wrapper.text()).toContain('tried out: nothing of this is done');
    expect(mounted.wrapper.text()).not.toContain('Review');
    await button(mounted.wrapper, 'As it is').trigger('click');
    await shows('Review 6 moves');
  });

  it('asks nothing while a limit is no number, and says what it should be', async () => {
    await open();
    await tab('Limits');
    const before = mounted.bridge.calls.filter(({ name }) => name === 'rebalance.explore').length;
    const field = mounted.wrapper
      .findAll('label')
      .find((one) => one.text() === 'At most moves')
      ?.attributes('for');
    await mounted.wrapper.get(`[id="${field ?? ''}"]`).setValue('many');
    await shows('A whole number from 0 to 1000000.');
    await mounted.wrapper.get(`[id="${field ?? ''}"]`).setValue('2');
    await waitFor('the limit to be asked with', async () => {
      await flushPromises();
      return mounted.bridge.calls.filter(({ name }) => name === 'rebalance.explore').length > before;
    });
    const asked = mounted.bridge.calls.filter(({ name }) => name === 'rebalance.explore');
    expect(asked).toHaveLength(before + 1);
    expect(asked.at(-1)?.input).toMatchObject({ constraints: { maxMoves: 2 } });
  });

  it('walks through the plan with the scrubber', async () => {
    await open();
    const scrubber = mounted.wrapper.get('.scrubber input[type=range]');
    await scrubber.setValue('1');
    await shows('Shard group 102008 (permits and documents), 1 GB');
    await scrubber.setValue('0');
    await shows('Before any move.');
  });
});
