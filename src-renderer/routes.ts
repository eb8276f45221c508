import { createRouter, createWebHashHistory } from 'vue-router';
import type { Router, RouteRecordRaw } from 'vue-router';
import WelcomeView from './practice/WelcomeView.vue';

/** A subject of an open cluster: one entry of the rail, one route, one lazily loaded view that takes `clusterId`. */
export interface Subject {
  /** Also the route's name. */
  readonly id: 'topology' | 'health' | 'nodes' | 'tables' | 'rebalance' | 'operations' | 'audit';
  readonly label: string;
}

export const subjects: readonly Subject[] = [
  { id: 'topology', label: 'Topology' },
  { id: 'health', label: 'Health' },
  { id: 'nodes', label: 'Nodes' },
  { id: 'tables', label: 'Tables' },
  { id: 'rebalance', label: 'Rebalance' },
  { id: 'operations', label: 'Operations' },
  { id: 'audit', label: 'Audit' },
];

/** Everything but the welcome page is loaded when it is opened: the first picture must not wait for it. */
const routes: readonly RouteRecordRaw[] = [
  { path: '/', name: 'welcome', component: WelcomeView, meta: { title: 'Welcome' } },
  {
    path: '/cluster/:clusterId',
    component: () => import('./clusters/ClusterOutlet.vue'),
    props: true,
    redirect: { name: 'topology' },
    children: [
      {
        path: 'topology',
        name: 'topology',
        component: () => import('./topology/TopologyView.vue'),
        props: true,
        meta: { title: 'Topology' },
      },
      {
        path: 'health',
        name: 'health',
        component: () => import('./health/HealthView.vue'),
        props: true,
        meta: { title: 'Health' },
      },
      {
        path: 'nodes',
        name: 'nodes',
        component: () => import('./nodes/NodesView.vue'),
        props: true,
        meta: { title: 'Nodes' },
      },
      {
        path: 'tables',
        name: 'tables',
        component: () => import('./tables/TablesView.vue'),
        props: true,
        meta: { title: 'Tables' },
      },
      {
        path: 'shards',
        name: 'shards',
        component: () => import('./tables/ShardsView.vue'),
        props: true,
        meta: { title: 'Shards', subject: 'tables' },
      },
      {
        path: 'schema-graph',
        name: 'schema-graph',
        component: () => import('./schema-graph/SchemaGraphView.vue'),
        props: true,
        meta: { title: 'Schema graph', subject: 'tables' },
      },
      {
        path: 'advisor',
        name: 'advisor',
        component: () => import('./advisor/AdvisorView.vue'),
        props: true,
        meta: { title: 'Distribution advisor', subject: 'tables' },
      },
      {
        path: 'routing',
        name: 'routing',
        component: () => import('./routing-lens/RoutingView.vue'),
        props: true,
        meta: { title: 'Routing', subject: 'tables' },
      },
      {
        path: 'rebalance',
        name: 'rebalance',
        component: () => import('./rebalance/RebalanceView.vue'),
        props: true,
        meta: { title: 'Rebalance' },
      },
      {
        path: 'operations/:operationId?',
        name: 'operations',
        component: () => import('./operations/OperationsView.vue'),
        props: true,
        meta: { title: 'Operations' },
      },
      {
        path: 'audit',
        name: 'audit',
        component: () => import('./audit/AuditView.vue'),
        props: true,
        meta: { title: 'Audit' },
      },
      {
        path: 'timeline',
        name: 'timeline',
        component: () => import('./history/TimelineView.vue'),
        props: true,
        meta: { title: 'Timeline', subject: 'topology' },
      },
      // Pages that lead to a change; `subject` names the entry of the rail they belong to.
      {
        path: 'add-node',
        name: 'add-node',
        component: () => import('./operations/AddNodeView.vue'),
        props: true,
        meta: { title: 'Add node', subject: 'nodes' },
      },
      {
        path: 'distribute',
        name: 'distribute',
        component: () => import('./operations/DistributeView.vue'),
        props: true,
        meta: { title: 'Distribute a table', subject: 'tables' },
      },
      {
        path: 'distribute-set',
        name: 'distribute-set',
        component: () => import('./table-changes/DistributeSetView.vue'),
        props: true,
        meta: { title: 'Distribute a set of tables', subject: 'tables' },
      },
      {
        path: 'change/:change',
        name: 'change',
        component: () => import('./table-changes/ChangeView.vue'),
        props: true,
        meta: { title: 'Change a table', subject: 'tables' },
      },
      {
        path: 'review/:planId',
        name: 'review',
        component: () => import('./operations/ReviewView.vue'),
        props: true,
        meta: { title: 'Review', subject: 'operations' },
      },
    ],
  },
  { path: '/:rest(.*)*', redirect: { name: 'welcome' } },
];

export function createRoutes(): Router {
  return createRouter({ history: createWebHashHistory(), routes: [...routes] });
}
