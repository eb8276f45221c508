// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia';
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { HistoryEvent, HistoryRecord, PastReply } from '../../../src-main/contract/history';
import { eventWords, filterEvents, nodesOf, whenWords } from '../../../src-renderer/history/history-words';
import {
  fittingRange,
  shareOf,
  snapped,
  stopAfter,
  stopBefore,
  toMarks,
  toRange,
  toStops,
  toStretches,
} from '../../../src-renderer/history/moments';
import { usePastStore } from '../../../src-renderer/history/past-store';
import TimelineView from '../../../src-renderer/history/TimelineView.vue';
import TopologyView from '../../../src-renderer/topology/TopologyView.vue';
import { useTopologyStore } from '../../../src-renderer/topology/topology-store';
import { createFakeBridge, installBridge } from '../../support/fake-bridge';
import { clusterId, makeCluster, makeConditions } from '../cluster-fixture';
import { button, mountView } from '../mount-view';
import type { Mounted } from '../mount-view';

const start = Date.parse('2026-03-01T12:00:00.000Z');
const iso = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();

function anEvent(minutes: number, change: Partial<HistoryEvent> = {}): HistoryEvent {
  return {
    eventId: minutes,
    at: iso(minutes),
    notBefore: null,
    kind: 'node',
    level: 'bad',
    subject: '127.0.0.1:9801',
    text: 'went away',
    nodes: ['127.0.0.1:9801'],
    ...change,
  };
}

const events = [
  anEvent(10),
  anEvent(20, { level: 'ok', text: 'came back' }),
  anEvent(30, { kind: 'table', level: 'ok', subject: 'public.permits', text: 'renamed', nodes: [] }),
];
const spans = [
  { from: iso(0), to: iso(25) },
  { from: iso(30), to: iso(60) },
];
const four = makeCluster({ workers: 4 });
const record: HistoryRecord = {
  clusterId,
  revision: 1,
  spans,
  events,
  total: 3,
  sizeBytes: 4_000,
  limitBytes: 5_000_000,
  problem: null,
};

let mounted: Mounted | undefined;
afterEach(() => {
  mounted?.end();
  mounted = undefined;
});

describe('moments on the slider', () => {
  const nowMs = start + 3_600_000;
  const range = toRange('hour', spans, nowMs);

  it('lie by their time', () => {
    expect(shareOf(range, start + 1_800_000)).toBeCloseTo(0.5);
    expect(toStretches(spans, range).map(({ from, to }) => [from, to].map((one) => one.toFixed(2)))).toEqual([
      ['0.00', '0.42'],
      ['0.50', '1.00'],
    ]);
    expect(toStretches(spans, toRange('quarter', spans, nowMs))).toHaveLength(1);
    expect(fittingRange(spans, nowMs - 1)).toBe('all');
    expect(fittingRange(spans, nowMs)).toBe('hour');
  });

  it('share a mark where they are close, of the worst of them', () => {
    const close = [anEvent(20, { level: 'ok' }), anEvent(20), anEvent(40, { level: 'mute' })];
    expect(toMarks(close, range).map(({ level, count }) => [level, count])).toEqual([
      ['bad', 2],
      ['mute', 1],
    ]);
  });

  it('are stepped through change by change, and snapped to', () => {
    const stops = toStops(events, spans);
    expect(stops.map((stop) => (stop - start) / 60_000)).toEqual([0, 10, 20, 25, 30, 60]);
    expect(stopBefore(stops, start)).toBeNull();
    expect(stopBefore(stops, start + 601_000)).toBe(start + 600_000);
    expect(stopAfter(stops, start + 600_000)).toBe(start + 1_200_000);
    expect(snapped(stops, start + 610_000, 15_000)).toBe(start + 600_000);
    expect(snapped(stops, start + 700_000, 15_000)).toBe(start + 700_000);
  });
});

describe('the timeline', () => {
  const named = [{ name: 'worker-1', host: '127.0.0.1', port: 9801 }];

  it('is filtered by kind, node and words, newest first', () => {
    const ids = (filter: Partial<Parameters<typeof filterEvents>[1]>): readonly number[] =>
      filterEvents(events, { kind: 'all', node: '', text: '', ...filter }, named).map(
        ({ eventId }) => eventId,
      );
    expect(ids({})).toEqual([30, 20, 10]);
    expect(ids({ kind: 'table' })).toEqual([30]);
    expect(ids({ node: '127.0.0.1:9801' })).toEqual([20, 10]);
    expect(ids({ text: 'WORKER-1 came' })).toEqual([20]);
    expect(nodesOf(events)).toEqual(['127.0.0.1:9801']);
    expect(eventWords(anEvent(1), named)).toBe('worker-1 went away');
    expect(whenWords({ at: iso(5), notBefore: iso(1) }, start)).toMatch(/^between .* and /);
  });

  it('lists what changed and leads to the topology of then', async () => {
    mounted = await mountView(TimelineView, { fixture: four, answers: { 'history.read': () => record } });
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(3);
    await mounted.wrapper.findAll('tbody tr.row')[1]?.trigger('click');
    await button(mounted.wrapper, 'Show the topology then').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value).toMatchObject({ name: 'topology', query: { at: iso(20) } });
  });

  it('says since when it records where nothing changed, and keeps a failure in sight', async () => {
    mounted = await mountView(TimelineView, {
      fixture: four,
      answers: { 'history.read': () => ({ ...record, events: [], total: 0 }) },
    });
    expect(mounted.wrapper.text()).toContain('Recording began at');
    mounted.end();
    mounted = await mountView(TimelineView, { fixture: four });
    expect(mounted.wrapper.get('[role=alert]').text()).toContain('no answer for history.read');
  });
});

describe('the past on the topology', () => {
  const two = makeCluster({ workers: 2 });
  const past: PastReply = {
    outcome: 'past',
    at: iso(20),
    snapshot: two.snapshot,
    sizes: two.sizes,
    reachability: two.reachability,
    conditions: makeConditions(two),
    isConnected: true,
  };

  it('takes the place of now in every view, and blocks changes, until it is left', async () => {
    mounted = await mountView(TopologyView, {
      fixture: four,
      answers: { 'history.read': () => record, 'history.past': () => past },
    });
    useTopologyStore().view = 'table';
    await flushPromises();
    const rows = (): number => mounted?.wrapper.findAll('tbody tr.row').length ?? 0;
    expect(rows()).toBe(5);
    await mounted.wrapper.get('[role=slider]').trigger('keydown', { key: 'ArrowLeft' });
    await flushPromises();
    expect(rows()).toBe(3);
    expect(mounted.wrapper.text()).toContain('As it was at');
    expect(button(mounted.wrapper, 'Add node').attributes('aria-disabled')).toBe('true');
    await button(mounted.wrapper, 'Back to now').trigger('click');
    await flushPromises();
    expect(rows()).toBe(5);
    expect(button(mounted.wrapper, 'Add node').attributes('aria-disabled')).toBeUndefined();
  });

  it('shows nothing in the place of what was not recorded', async () => {
    mounted = await mountView(TopologyView, {
      fixture: four,
      answers: {
        'history.read': () => record,
        'history.past': () => ({ outcome: 'gap', at: iso(27), before: iso(25), after: iso(30) }),
      },
    });
    useTopologyStore().view = 'table';
    void usePastStore().go(clusterId, iso(27));
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('Nothing was recorded from');
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(0);
  });

  it('asks for one moment at a time and then for the latest', async () => {
    setActivePinia(createPinia());
    const bridge = createFakeBridge({ 'history.past': ({ at }) => ({ ...past, at }) });
    const off = installBridge(bridge);
    const store = usePastStore();
    const moments = [1, 2, 3, 4, 5].map(iso);
    await Promise.all(moments.map((at) => store.go(clusterId, at)));
    expect(bridge.calls.map(({ input }) => (input as { at: string }).at)).toEqual([moments[0], moments[4]]);
    expect(store.past?.at).toBe(moments[4]);
    store.back();
    expect(store.past).toBeNull();
    off();
  });
});
