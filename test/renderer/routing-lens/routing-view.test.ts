// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { ValueRoute } from '../../../src-main/contract/routing';
import RoutingView from '../../../src-renderer/routing-lens/RoutingView.vue';
import { makeCluster } from '../cluster-fixture';
import { button, mountView } from '../mount-view';
import type { Mounted } from '../mount-view';

const fixture = makeCluster({ workers: 2, families: 1, tablesPerFamily: 1, shardCount: 4 });
const shardId = fixture.snapshot.shards[0]?.shardId ?? '';
const route: ValueRoute = {
  table: { schema: 'public', name: 'permits' },
  tableOid: 16_400,
  column: 'agency_id',
  columnType: 'bigint',
  method: 'hash',
  own: { hash: 1, shardId },
  server: { hash: 1, shardId },
  agrees: true,
};
let mounted: Mounted | undefined;
afterEach(() => mounted?.end());

async function routed(answer: ValueRoute): Promise<string> {
  mounted = await mountView(RoutingView, { fixture, answers: { 'routing.value': () => answer } });
  const { wrapper } = mounted;
  await wrapper.get('select').setValue('16400');
  await wrapper.get('input').setValue('7');
  await wrapper.get('form').trigger('submit');
  await flushPromises();
  expect(mounted.bridge.calls.find((call) => call.name === 'routing.value')?.input).toEqual({
    clusterId: 'cluster-1',
    table: { schema: 'public', name: 'permits' },
    value: '7',
  });
  return wrapper.text();
}

describe('RoutingView', () => {
  it('shows hash, shard and node, lights them, and counts rows only on request', async () => {
    const text = await routed(route);
    expect(text).toContain('agree');
    expect(text).toContain(shardId);
    expect(text).toContain('1 of 2 nodes touched');
    expect(mounted?.bridge.calls.some((call) => call.name === 'routing.countRows')).toBe(false);
    if (!mounted) return;
    await button(mounted.wrapper, 'Show on topology').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value).toMatchObject({ name: 'topology', query: { shard: shardId } });
  });

  it('is loud when the server disagrees', async () => {
    await routed({ ...route, own: { hash: 2, shardId: '9' }, agrees: false });
    expect(mounted?.wrapper.get('[role=alert]').text()).toContain('The server disagrees');
  });

  it('shows a failure as one, and nothing lit', async () => {
    mounted = await mountView(RoutingView, { fixture });
    await mounted.wrapper.get('select').setValue('16400');
    await mounted.wrapper.get('form').trigger('submit');
    await flushPromises();
    expect(mounted.wrapper.get('[role=alert]').text()).toContain('no answer for routing.value');
    expect(mounted.wrapper.text()).toContain('The shards that are touched are lit here');
  });

  it('has words before the catalogs are read', async () => {
    mounted = await mountView(RoutingView, { fixture: null });
    expect(mounted.wrapper.get('[role=status]').text()).toContain('Reading the shards');
  });
});
