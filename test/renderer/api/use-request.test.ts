// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectScope, nextTick, ref } from 'vue';
import type { EffectScope } from 'vue';
import type { PlainTable } from '../../../src-main/contract/cluster';
import type { Result } from '../../../src-main/contract/failure';
import { useRequest } from '../../../src-renderer/api/use-request';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import type { FakeBridge } from '../../support/fake-bridge';

type Reply = Result<readonly PlainTable[]>;
const table = (name: string): PlainTable => ({
  oid: 1,
  schema: 'public',
  name,
  bytes: 1,
  rowEstimate: 1,
  isPartitioned: false,
  owner: 'postgres',
});
const named = (...names: string[]): Reply => ({ ok: true, value: names.map(table) });

let bridge: FakeBridge;
let scope: EffectScope;
let uninstall: () => void;
/** Answers of the open calls, in the order they were asked. */
let pending: ((reply: Reply) => void)[];

beforeEach(() => {
  pending = [];
  bridge = createFakeBridge({ 'tables.plain': () => new Promise<Reply>((resolve) => pending.push(resolve)) });
  uninstall = installBridge(bridge);
  scope = effectScope();
});
afterEach(() => {
  scope.stop();
  uninstall();
});

function start(clusterId = ref<string | null>('c1')) {
  const asked = scope.run(() =>
    useRequest('tables.plain', () => (clusterId.value === null ? null : { clusterId: clusterId.value })),
  );
  if (asked === undefined) throw new Error('the scope is stopped');
  return { asked, clusterId };
}

describe('useRequest', () => {
  it('asks at once and says that it is the first time', async () => {
    const { asked } = start();
    expect([asked.isLoading.value, asked.isFirst.value]).toEqual([true, true]);
    pending[0]?.(named('a'));
    await flushPromises();
    expect(asked.value.value?.map(({ name }) => name)).toEqual(['a']);
    expect([asked.isLoading.value, asked.isFirst.value]).toEqual([false, false]);
    expect(asked.loadedAt.value).toBeDefined();
  });

  it('keeps the last good value while it loads again, and beside a failure', async () => {
    const { asked } = start();
    pending[0]?.(named('a'));
    await flushPromises();
    void asked.run();
    expect(asked.isLoading.value).toBe(true);
    expect(asked.value.value).toHaveLength(1);
    pending[1]?.({ ok: false, failure: { kind: 'timeout', message: 'No answer.' } });
    await flushPromises();
    expect(asked.failure.value?.kind).toBe('timeout');
    expect(asked.value.value).toHaveLength(1);
    void asked.run();
    pending[2]?.(named('a', 'b'));
    await flushPromises();
    expect(asked.failure.value).toBeUndefined();
    expect(asked.value.value).toHaveLength(2);
  });

  it('lets the latest reply win and cancels the earlier call', async () => {
    const { asked } = start();
    void asked.run();
    expect(bridge.cancelled).toEqual([bridge.calls[0]?.callId]);
    pending[1]?.(named('new'));
    pending[0]?.(named('old'));
    await flushPromises();
    expect(asked.value.value?.map(({ name }) => name)).toEqual(['new']);
  });

  it('drops the answer to another question when the input changes', async () => {
    const { asked, clusterId } = start();
    pending[0]?.(named('a'));
    await flushPromises();
    clusterId.value = 'c2';
    await nextTick();
    expect(asked.value.value).toBeUndefined();
    expect(bridge.calls.at(-1)?.input).toEqual({ clusterId: 'c2' });
  });

  it('asks nothing while there is no input', async () => {
    const { asked } = start(ref<string | null>(null));
    await flushPromises();
    expect(bridge.calls).toEqual([]);
    expect(asked.isLoading.value).toBe(false);
  });

  it('cancels when its scope ends', () => {
    start();
    scope.stop();
    expect(bridge.cancelled).toHaveLength(1);
  });
});
