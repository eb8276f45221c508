// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, expect, it } from 'vitest';
import { effectScope, nextTick, shallowRef } from 'vue';
import type { RebalanceExploration } from '../../../src-main/contract/rebalance';
import { initialLimits, nothingTried, toConstraints } from '../../../src-renderer/rebalance/explore-form';
import type { ExploreInput } from '../../../src-renderer/rebalance/explore-form';
import { useExploration } from '../../../src-renderer/rebalance/use-exploration';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import { waitFor } from '../../support/wait';

let end = (): void => undefined;
afterEach(() => end());

function asking(addedNodes: number): ExploreInput {
  const constraints = toConstraints(
    initialLimits,
    { measure: 'bytes', strategy: undefined, drainOnly: false },
    [],
  );
  if (constraints === null) throw new Error('the form as it begins is no question');
  return { clusterId: 'c', constraints, whatIf: { ...nothingTried, addedNodes }, transferMode: 'auto' };
}

const answerTo = (revision: number): RebalanceExploration => ({
  clusterId: 'c',
  revision,
  nodes: [],
  tableSets: [],
  before: { largestFactor: null },
  verdicts: [],
  citus: null,
  ours: null,
  unknown: null,
  isolatedShardId: null,
});

it('lets a question go to its end while the hand drags on, and then asks only the last that came', async () => {
  const answers: ((of: RebalanceExploration) => void)[] = [];
  const bridge = createFakeBridge({
    'rebalance.explore': () => new Promise<RebalanceExploration>((resolve) => answers.push(resolve)),
  });
  const uninstall = installBridge(bridge);
  const scope = effectScope();
  end = () => {
    scope.stop();
    uninstall();
  };
  const input = shallowRef<ExploreInput | null>(asking(0));
  const exploration = scope.run(() =>
    useExploration(
      () => input.value,
      () => '1',
    ),
  );
  const asked = (): readonly number[] =>
    bridge.calls
      .filter(({ name }) => name === 'rebalance.explore')
      .map(({ input: one }) => (one as ExploreInput).whatIf.addedNodes);
  await waitFor('the first question', () => Promise.resolve(answers.length === 1));
  for (const addedNodes of [1, 2, 3]) {
    input.value = asking(addedNodes);
    await nextTick();
  }
  answers[0]?.(answerTo(1));
  await waitFor('the first answer', async () => {
    await flushPromises();
    return exploration?.value.value?.revision === 1;
  });
  await waitFor('the last question', () => Promise.resolve(answers.length === 2));
  expect(asked()).toEqual([0, 3]);
  answers[1]?.(answerTo(2));
  await waitFor('the last answer', async () => {
    await flushPromises();
    return exploration?.value.value?.revision === 2;
  });
  expect(exploration?.isExploring.value).toBe(false);
  expect(asked()).toEqual([0, 3]);
});
