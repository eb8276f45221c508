/** Mounts a view of a cluster with a fake bridge, the stores filled as main would fill them. */
import { flushPromises, mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import type { Component } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import type { JobProgress } from '../../src-main/contract/cluster';
import type { Operation } from '../../src-main/contract/operations';
import type { RebalanceExploration } from '../../src-main/contract/rebalance';
import type { SessionState } from '../../src-main/contract/sessions';
import { useClusterStore } from '../../src-renderer/clusters/cluster-store';
import { createFakeBridge, installBridge } from '../support/fake-bridge';
import type { Answers, FakeBridge } from '../support/fake-bridge';
import { waitFor } from '../support/wait';
import { clusterId, makeConditions, takenAt } from './cluster-fixture';
import type { Fixture } from './cluster-fixture';

export interface Mounted {
  readonly wrapper: VueWrapper;
  readonly bridge: FakeBridge;
  readonly router: Router;
  readonly store: ReturnType<typeof useClusterStore>;
  end(): void;
}

export interface MountOptions {
  /** Null: nothing of the cluster was read yet. */
  readonly fixture: Fixture | null;
  readonly session?: Partial<SessionState>;
  readonly progress?: JobProgress;
  readonly operations?: readonly Operation[];
  readonly answers?: Answers;
}

const names = [
  'timeline',
  'topology',
  'nodes',
  'tables',
  'rebalance',
  'add-node',
  'distribute',
  'shards',
  'schema-graph',
  'routing',
  'advisor',
];

const unexplored: RebalanceExploration = {
  clusterId,
  revision: 1,
  nodes: [],
  tableSets: [],
  before: { largestFactor: null },
  verdicts: [],
  citus: null,
  ours: null,
  unknown: null,
  isolatedShardId: null,
};

/** Waits until the text stands on the page. */
export async function showsText({ wrapper }: Mounted, text: string): Promise<void> {
  await waitFor(`"${text}" on the page`, async () => {
    await flushPromises();
    return wrapper.text().includes(text);
  });
}

export async function mountView(view: Component, options: MountOptions): Promise<Mounted> {
  const { fixture } = options;
  const bridge = createFakeBridge({
    'share.clean': ({ texts }) => texts,
    ...(fixture === null ? {} : { 'cluster.readSizes': () => fixture.sizes }),
    // Plans of our own have tests of their own; elsewhere there are none.
    'rebalance.explore': () => unexplored,
    ...options.answers,
  });
  const uninstall = installBridge(bridge);
  const pinia = createPinia();
  setActivePinia(pinia);
  const store = useClusterStore();
  store.putSession({
    clusterId,
    revision: 1,
    phase: 'open',
    since: takenAt,
    address: '127.0.0.1:9800',
    ...options.session,
  });
  if (fixture !== null) {
    store.putSnapshot(fixture.snapshot);
    store.putReachability(fixture.reachability);
    store.putConditions(makeConditions(fixture));
    store.putSizes(fixture.sizes);
  }
  if (options.progress !== undefined) store.putProgress(options.progress);
  for (const operation of options.operations ?? []) store.putOperation(operation);
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      ...names.map((name) => ({
        path: `/cluster/:clusterId/${name}`,
        name,
        component: { template: '<p />' },
      })),
      { path: '/cluster/:clusterId/review/:planId', name: 'review', component: { template: '<p />' } },
    ],
  });
  await router.push(`/cluster/${clusterId}/topology`);
  const wrapper = mount(view, {
    props: { clusterId },
    global: { plugins: [pinia, router] },
    attachTo: document.body,
  });
  await flushPromises();
  return {
    wrapper,
    bridge,
    router,
    store,
    end() {
      wrapper.unmount();
      uninstall();
    },
  };
}

/** The first button whose text is, or begins with, this. */
export function button(wrapper: VueWrapper, text: string) {
  const found = wrapper.findAll('button').find((one) => one.text().startsWith(text));
  if (found === undefined) {
    throw new Error(
      `no button "${text}"; there are: ${wrapper
        .findAll('button')
        .map((one) => one.text())
        .join(', ')}`,
    );
  }
  return found;
}
