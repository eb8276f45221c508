// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Operation } from '../../src-main/contract/operations';
import NodesView from '../../src-renderer/nodes/NodesView.vue';
import RebalanceView from '../../src-renderer/rebalance/RebalanceView.vue';
import TablesView from '../../src-renderer/tables/TablesView.vue';
import { useTopologyStore } from '../../src-renderer/topology/topology-store';
import TopologyView from '../../src-renderer/topology/TopologyView.vue';
import { createPinia, setActivePinia } from 'pinia';
import {
  clusterId,
  makeCluster,
  makeConditions,
  makeProgress,
  makeRebalancePlan,
  makeUnreachable,
} from './cluster-fixture';
import { button, mountView, showsText } from './mount-view';
import type { Mounted } from './mount-view';

let mounted: Mounted | undefined;
afterEach(() => mounted?.end());

const four = makeCluster({ workers: 4, emptyWorkers: 1, families: 2, shardCount: 12 });
const lost = {
  ...four,
  reachability: {
    ...four.reachability,
    nodes: four.reachability.nodes.map((node) => (node.nodeId === 4 ? makeUnreachable(4) : node)),
  },
};

describe('TopologyView', () => {
  it('shows the same content as a table, and the details of the chosen node with what does not work', async () => {
    mounted = await mountView(TopologyView, { fixture: lost });
    await button(mounted.wrapper, 'Table').trigger('click');
    const rows = mounted.wrapper.findAll('tbody tr.row');
    expect(rows).toHaveLength(5);
    const row = rows.find((one) => one.text().includes('unreachable'));
    await row?.trigger('click');
    const panel = mounted.wrapper.get('aside').text();
    expect(panel).toContain('What does not work');
    expect(panel).toContain('Statements that touch 8 of 24 shard groups fail');
    expect(mounted.wrapper.text()).toContain('Shard groups on');
  });

  it('lights the shard group that another page points at, and stays there', async () => {
    mounted = await mountView(TopologyView, { fixture: four });
    const shard = four.snapshot.shards.find(({ minValue }) => minValue !== null);
    const query = { shard: shard?.shardId };
    await mounted.router.push({ name: 'topology', params: { clusterId }, query });
    await flushPromises();
    const view = useTopologyStore();
    const node = four.snapshot.nodes.find(({ groupId }) => shard?.groupIds.includes(groupId));
    expect(view.selection).toMatchObject({ type: 'group', nodeId: node?.nodeId });
    expect(view.focus).toMatchObject({ level: 'family', nodeId: node?.nodeId });
    expect(mounted.wrapper.get('aside').text()).toContain(shard?.shardId);
    view.select(null);
    mounted.store.putConditions({ ...makeConditions(four), revision: 2 });
    await flushPromises();
    expect(view.selection).toBeNull();
  });

  it('tries again on request and shows the answer', async () => {
    mounted = await mountView(TopologyView, {
      fixture: lost,
      answers: { 'cluster.probe': () => ({ ...four.reachability, revision: 2 }) },
    });
    useTopologyStore().view = 'matrix';
    useTopologyStore().selectNode(4);
    await flushPromises();
    await button(mounted.wrapper, 'Try again').trigger('click');
    mounted.store.putConditions({ ...makeConditions(four), revision: 2 });
    await flushPromises();
    expect(mounted.wrapper.get('aside').text()).toContain('Answers, and its metadata is synced.');
  });

  it('keeps the failure of a retry in sight', async () => {
    mounted = await mountView(TopologyView, { fixture: lost });
    useTopologyStore().view = 'table';
    useTopologyStore().selectNode(4);
    await flushPromises();
    await button(mounted.wrapper, 'Try again').trigger('click');
    await flushPromises();
    expect(mounted.wrapper.get('aside [role=alert]').text()).toContain('no answer for cluster.probe');
  });

  it('has a skeleton while it loads, and asks when the first reading does not come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    mounted = await mountView(TopologyView, { fixture: null });
    expect(mounted.wrapper.get('[role=status]').text()).toContain('Reading the nodes and shards');
    expect(mounted.bridge.calls.some((call) => call.name === 'cluster.refresh')).toBe(false);
    await vi.advanceTimersByTimeAsync(8_000);
    vi.useRealTimers();
    await flushPromises();
    expect(mounted.wrapper.get('[role=alert]').text()).toContain('no answer for cluster.refresh');

    mounted.bridge.answer({ 'cluster.refresh': () => four.snapshot });
    useTopologyStore().view = 'table';
    await button(mounted.wrapper, 'Try again').trigger('click');
    await flushPromises();
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(5);
  });

  it('keeps the last good picture when the session is lost, and starts nothing', async () => {
    mounted = await mountView(TopologyView, { fixture: four, session: { phase: 'lost' } });
    useTopologyStore().view = 'table';
    await flushPromises();
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(5);
    expect(button(mounted.wrapper, 'Add node').attributes('aria-disabled')).toBe('true');
  });

  it('leads a cluster without workers on', async () => {
    const alone = makeCluster({ workers: 0, families: 0, referenceTables: 0 });
    mounted = await mountView(TopologyView, { fixture: alone });
    useTopologyStore().view = 'table';
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('no workers yet');
    await button(mounted.wrapper, 'Add node').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value.name).toBe('add-node');
  });
});

describe('the topology store', () => {
  it('goes in level by level, and back a step at a time', () => {
    setActivePinia(createPinia());
    const store = useTopologyStore();
    store.enter('a');
    store.goTo({ level: 'node', nodeId: 2 });
    expect(store.selection).toEqual({ type: 'node', nodeId: 2 });
    store.goTo({ level: 'family', nodeId: 2, familyKey: 'c2' });
    store.back();
    expect(store.focus).toEqual({ level: 'node', nodeId: 2 });
    // What was left is selected: Enter leads in again.
    expect(store.selection).toEqual({ type: 'family', key: 'c2', nodeId: 2 });
    store.back();
    expect(store.focus.level).toBe('cluster');
    expect(store.selection).toEqual({ type: 'node', nodeId: 2 });
    store.back();
    expect(store.selection).toBeNull();
  });

  it('forgets what is gone, and everything of another cluster', () => {
    setActivePinia(createPinia());
    const store = useTopologyStore();
    store.enter('a');
    store.lightTable(16_400);
    store.goTo({ level: 'group', nodeId: 3, familyKey: 'c2', key: 'c2/0' });
    const all = { node: () => true, table: () => true, family: () => true, group: () => true };
    store.forget({ ...all, group: () => false });
    expect(store.focus).toEqual({ level: 'family', nodeId: 3, familyKey: 'c2' });
    store.forget({ ...all, node: () => false, table: () => false });
    expect([store.selection, store.litTable, store.focus.level]).toEqual([null, null, 'cluster']);

    store.selectNode(1);
    store.enter('a');
    expect(store.selection).not.toBeNull();
    store.enter('b');
    expect(store.selection).toBeNull();
  });
});

describe('NodesView', () => {
  it('lists every node with its state in words and filters', async () => {
    mounted = await mountView(NodesView, { fixture: lost });
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(5);
    await mounted.wrapper.get('input').setValue('unreach');
    expect(mounted.wrapper.findAll('tbody tr.row')).toHaveLength(1);
    await mounted.wrapper.get('input').setValue('nothing like it');
    expect(mounted.wrapper.text()).toContain('No node matches');
  });
});

describe('TablesView', () => {
  it('never lists shards, says why a table does not move online, and opens the distribute wizard', async () => {
    const fixture = makeCluster({ workers: 2, families: 4, tablesPerFamily: 1, shardCount: 4 });
    mounted = await mountView(TablesView, {
      fixture,
      answers: {
        'tables.plain': () => [
          {
            oid: 1,
            schema: 'select',
            name: 'a b&c',
            bytes: 1,
            rowEstimate: -1,
            isPartitioned: false,
            owner: 'postgres',
          },
        ],
      },
    });
    const rows = mounted.wrapper.findAll('tbody tr.row');
    expect(rows).toHaveLength(6);
    await rows.find((row) => row.text().includes('audit_events'))?.trigger('click');
    expect(mounted.wrapper.get('aside').text()).toContain('It has neither primary key nor replica identity.');

    const tab = mounted.wrapper.findAll('[role=tab]').find((one) => one.text().startsWith('Plain'));
    await tab?.trigger('click');
    expect(mounted.wrapper.text()).toContain('never analysed');
    await button(mounted.wrapper, 'Distribute…').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value).toMatchObject({
      name: 'distribute',
      query: { schema: 'select', name: 'a b&c' },
    });
  });

  it('shows a failed read of plain tables as failed, not as none', async () => {
    mounted = await mountView(TablesView, { fixture: four });
    const tab = mounted.wrapper.findAll('[role=tab]').find((one) => one.text().startsWith('Plain'));
    await tab?.trigger('click');
    expect(mounted.wrapper.text()).toContain('no answer for tables.plain');
    expect(mounted.wrapper.text()).not.toContain('No plain tables');
  });

  it('exports what is shown as CSV', async () => {
    mounted = await mountView(TablesView, {
      fixture: four,
      answers: { 'app.saveTextFile': () => ({ path: '/tmp/tables.csv' }), 'tables.plain': () => [] },
    });
    await button(mounted.wrapper, 'Save as CSV').trigger('click');
    await flushPromises();
    const call = mounted.bridge.calls.find((one) => one.name === 'app.saveTextFile');
    expect((call?.input as { text: string }).text.split('\r\n')).toHaveLength(8);
    expect(mounted.wrapper.text()).toContain('Saved as /tmp/tables.csv');
  });
});

describe('RebalanceView', () => {
  const plan = makeRebalancePlan(four);

  it('plans at once, says what is advisable, and hands the plan over for review', async () => {
    mounted = await mountView(RebalanceView, {
      fixture: four,
      answers: { 'operations.plan': () => ({ outcome: 'plan', plan }) },
    });
    await showsText(mounted, 'planned by Citus: ');
    expect(mounted.wrapper.text()).toContain('citus_rebalance_start');
    await button(mounted.wrapper, 'Review 6 moves').trigger('click');
    await flushPromises();
    expect(mounted.router.currentRoute.value).toMatchObject({
      name: 'review',
      params: { clusterId, planId: 'plan-1' },
    });
  });

  it('asks again with the choices made', async () => {
    mounted = await mountView(RebalanceView, {
      fixture: four,
      answers: { 'operations.plan': () => ({ outcome: 'plan', plan }) },
    });
    await showsText(mounted, 'Review 6 moves');
    await mounted.wrapper.get('input[type=checkbox]').setValue(true);
    await flushPromises();
    const asked = mounted.bridge.calls.filter((call) => call.name === 'operations.plan');
    expect(asked.at(-1)?.input).toEqual({
      clusterId,
      request: { kind: 'rebalance', strategy: null, drainOnly: true, transferMode: 'auto' },
    });
  });

  it('lists every reason of a refusal with its SQL, and balance calmly', async () => {
    mounted = await mountView(RebalanceView, {
      fixture: four,
      answers: {
        'operations.plan': () => ({
          outcome: 'refusal',
          title: 'Rebalance the shards',
          reasons: [
            { code: 'node-down', message: 'One is down.', fix: 'Start it.' },
            {
              code: 'no-replica-identity',
              message: 'One lacks a key.',
              fix: 'Add one.',
              fixSql: 'ALTER TABLE x',
            },
          ],
        }),
      },
    });
    await showsText(mounted, 'cannot start: 2 reasons');
    expect(mounted.wrapper.text()).toContain('ALTER TABLE x');
    mounted.end();

    mounted = await mountView(RebalanceView, {
      fixture: four,
      answers: {
        'operations.plan': () => ({
          outcome: 'refusal',
          title: 'Rebalance the shards',
          reasons: [
            { code: 'balanced', message: 'The shards lie evenly.', fix: 'Nothing needs to be done.' },
          ],
        }),
      },
    });
    await showsText(mounted, 'not needed: the shards lie evenly');
    expect(mounted.wrapper.find('[role=alert]').exists()).toBe(false);
  });

  const own: Operation = {
    operationId: 'o1',
    revision: 1,
    clusterId,
    kind: 'rebalance',
    request: { kind: 'rebalance', strategy: null, drainOnly: false, transferMode: 'auto' },
    title: 'Rebalance',
    summary: '',
    state: 'running',
    attention: null,
    createdAt: '2026-03-01T12:00:00.000Z',
    endedAt: null,
    steps: [],
    details: { kind: 'rebalance', strategy: '', moves: [], nodes: [] },
    jobId: '2',
    report: null,
  };

  it('follows a job, and stops its own only after asking', async () => {
    mounted = await mountView(RebalanceView, {
      fixture: four,
      progress: makeProgress(four, 5, { done: 2, waiting: 5 }),
      operations: [own],
      answers: { 'operations.cancel': () => ({ ...own, revision: 2, state: 'cancelling' }) },
    });
    expect(mounted.wrapper.text()).toContain('2 of 8 moves');
    expect(mounted.wrapper.text()).toContain('40 to 70 s left');
    expect(mounted.bridge.calls.some((call) => call.name === 'operations.plan')).toBe(false);
    await button(mounted.wrapper, 'Stop…').trigger('click');
    expect(mounted.bridge.calls.some((call) => call.name === 'operations.cancel')).toBe(false);
    const confirm = [...document.querySelectorAll('button')].find(
      (one) => one.textContent?.trim() === 'Stop the rebalance',
    );
    confirm?.click();
    await flushPromises();
    expect(mounted.bridge.calls.find((call) => call.name === 'operations.cancel')?.input).toEqual({
      operationId: 'o1',
    });
  });

  it('offers no stop for a job that somebody else started, and says so', async () => {
    mounted = await mountView(RebalanceView, {
      fixture: four,
      progress: makeProgress(four, 5, { done: 2, waiting: 5 }),
    });
    expect(mounted.wrapper.text()).toContain('This job was not started here');
    expect(mounted.wrapper.findAll('button').some((one) => one.text() === 'Stop…')).toBe(false);
  });
});
