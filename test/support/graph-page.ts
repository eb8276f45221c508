/**
 * The app's own page over records made to measure, for `test/bench/graph.ts`: they arrive as events, cloned as between two
 * processes, and everything behind that is the app's: stores, views, Cytoscape. Built and opened in the real runtime.
 */
import { createPinia } from 'pinia';
import { createApp, nextTick } from 'vue';
import type {
  ClusterReachability,
  ClusterSnapshot,
  Shard,
  SizesChange,
} from '../../src-main/contract/cluster';
import type { ClusterNodeStates } from '../../src-main/contract/node-states';
import { toSizesChange } from '../../src-main/monitor/sizes-changes';
import { diffContent, wholeContent } from '../../src-main/monitor/snapshot-changes';
import App from '../../src-renderer/App.vue';
import { useClusterStore } from '../../src-renderer/clusters/cluster-store';
import { createRoutes } from '../../src-renderer/routes';
import { useSettingsStore } from '../../src-renderer/settings/settings-store';
import '../../src-renderer/ui/theme.css';
import { clusterId, makeCluster, makeConditions } from '../renderer/cluster-fixture';
import type { Fixture } from '../renderer/cluster-fixture';
import { aProfile, aSession } from './cluster-records';
import { createFakeBridge, installBridge } from './fake-bridge';

export interface GraphScale {
  /** The coordinator is one of them. */
  readonly nodes: number;
  readonly tables: number;
  readonly shards: number;
}

export interface DrawnGraph {
  readonly drawMs: number;
  readonly sameMs: number;
  readonly changedMs: number;
  readonly elements: number;
  readonly shards: number;
  /** Nodes that look otherwise once one percent changed. */
  readonly changedNodes: number;
  /** Nothing of the change was drawn later than `changedMs`: pictures on cards come when they are loaded. */
  readonly isWhole: boolean;
  /** Frames that Cytoscape drew for the refresh without a change. */
  readonly framesForNothing: number;
}

/** What Cytoscape leaves on its container; the app itself needs no handle from outside. */
interface DrawnCore {
  on(event: 'render', listener: () => void): void;
  off(event: 'render', listener: () => void): void;
  elements(): { readonly length: number };
  nodes(selector: string): {
    readonly length: number;
    map<Value>(of: (node: DrawnNode) => Value): Value[];
  };
}

interface DrawnNode {
  renderedBoundingBox(): { readonly x1: number; readonly y1: number; readonly w: number; readonly h: number };
}

const tablesPerFamily = 20;
const bridge = createFakeBridge({
  'sessions.list': () => [aSession({ clusterId, address: 'db-c1:5432' })],
  'profiles.list': () => ({
    revision: 1,
    profiles: [aProfile({ id: clusterId })],
    secrets: { type: 'keystore', name: 'keyring' },
    problems: [],
  }),
  'practice.list': () => ({ revision: 1, clusters: [] }),
  'operations.list': () => [],
  'app.notices': () => [],
  'cluster.snapshot': () => null,
  'cluster.reachability': () => null,
  'cluster.progress': () => null,
  'health.report': () => null,
  'cluster.readSizes': () => ({ revision: 0 }),
});
installBridge(bridge);

let revision = 1;

async function start(): Promise<void> {
  location.hash = `#/cluster/${clusterId}/topology`;
  const app = createApp(App).use(createPinia());
  await useSettingsStore().follow();
  app.use(createRoutes()).mount('#app');
}

/** Everything ten times as large: nodes, tables, colocation groups, shard groups, shards. */
function worldOf(scale: GraphScale): Fixture {
  const world = makeCluster({
    workers: scale.nodes - 1,
    families: scale.tables / tablesPerFamily,
    tablesPerFamily,
    shardCount: scale.shards / scale.tables,
    referenceTables: 0,
    racks: Math.max(2, Math.round(scale.nodes / 25)),
    hosts: true,
  });
  // Spread over all workers: the shard groups of a family follow those of the family before.
  const shardCount = scale.shards / scale.tables;
  const places = new Map<string, number>();
  const shards = world.snapshot.shards.map((shard) => {
    if (shard.minValue === null) return shard;
    const key = groupOf(shard);
    const at = places.get(key) ?? places.size;
    places.set(key, at);
    return { ...shard, groupIds: [1 + (at % (scale.nodes - 1))] };
  });
  if (places.size !== (scale.tables / tablesPerFamily) * shardCount) throw new Error('groups are missing');
  return { ...world, snapshot: { ...world.snapshot, shards } };
}

/** Tables of a family are numbered within a hundred. */
function groupOf(shard: Shard): string {
  return `${Math.floor(shard.tableOid / 100)}/${shard.minValue}`;
}

function contentOf(snapshot: ClusterSnapshot): Parameters<typeof wholeContent>[0] {
  const { clusterId: _clusterId, revision: _revision, takenAt: _takenAt, ...content } = snapshot;
  return content;
}

function core(): DrawnCore | null {
  const stage = document.querySelector('[role="application"]');
  const registered = stage === null ? null : (Reflect.get(stage, '_cyreg') as { cy: DrawnCore } | undefined);
  return registered?.cy ?? null;
}

const frame = (): Promise<unknown> => new Promise((done) => requestAnimationFrame(done));

/** Until Cytoscape drew a frame with this many nodes of the cluster. */
async function drawn(nodes: number, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    const cy = core();
    if (cy === null || cy.nodes('[nodeId]').length < nodes) {
      await frame();
      continue;
    }
    await new Promise<void>((done) => {
      const onRender = (): void => {
        cy.off('render', onRender);
        done();
      };
      cy.on('render', onRender);
    });
    return;
  }
  throw new Error(`the graph was not drawn within ${limitMs} ms`);
}

/** As it comes from another process: a copy, with the next revision. */
function arriving<Record extends ClusterReachability | SizesChange | ClusterNodeStates>(
  record: Record,
): Record {
  return structuredClone({ ...record, revision: (revision += 1) });
}

function forgetCluster(): void {
  const store = useClusterStore();
  store.snapshots.delete(clusterId);
  store.sizes.delete(clusterId);
  store.reachability.delete(clusterId);
  store.conditions.delete(clusterId);
}

/** One percent of the shards on another node, a whole shard group at a time, as Citus moves them. */
function moveShards(world: Fixture, share: number): Fixture {
  const { shards, nodes } = world.snapshot;
  const workers = nodes.slice(1);
  const keys = [...new Set(shards.map(groupOf))].filter((one) => !one.endsWith('null'));
  const wanted = Math.max(1, Math.round((shards.length * share) / tablesPerFamily));
  const moving = new Map<string, number>();
  for (let index = 0; index < wanted; index += 1) {
    const at = keys[Math.floor((index * keys.length) / wanted)] ?? '';
    moving.set(at, workers[(index * 7 + 3) % workers.length]?.groupId ?? 1);
  }
  const shardBytes = { ...world.sizes.shardBytes };
  const next = shards.map((shard) => {
    const target = moving.get(groupOf(shard));
    if (target === undefined) return shard;
    shardBytes[shard.shardId] = (shardBytes[shard.shardId] ?? 0) + 64_000;
    return { ...shard, groupIds: shard.groupIds[0] === target ? [target === 1 ? 2 : 1] : [target] };
  });
  return {
    ...world,
    snapshot: { ...world.snapshot, shards: next },
    sizes: { ...world.sizes, shardBytes },
  };
}

function canvases(): readonly HTMLCanvasElement[] {
  return [...document.querySelectorAll<HTMLCanvasElement>('[role="application"] canvas')];
}

/** Until what was told to the canvases is in their pixels, which a browser puts off as long as nobody asks. */
function rastered(): number {
  for (const canvas of canvases()) canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
  return performance.now();
}

/** All layers of the stage over each other, as a person sees them. */
function picture(): ImageData {
  const layers = canvases();
  const [width, height] = [layers[0]?.width ?? 1, layers[0]?.height ?? 1];
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (context === null) throw new Error('no canvas to compare on');
  for (const layer of layers) context.drawImage(layer, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function isSamePicture(one: ImageData, other: ImageData): boolean {
  return one.data.length === other.data.length && one.data.every((value, at) => value === other.data[at]);
}

/** When the stage first showed something else; none of the time for comparing counts where it did so at once. */
async function changedPictureAt(before: ImageData, limitMs = 20_000): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const at = rastered();
    if (!isSamePicture(picture(), before)) return at;
    if (performance.now() > deadline) throw new Error(`nothing new was drawn within ${limitMs} ms`);
    await frame();
  }
}

/** Nodes within whose boxes the two pictures differ. */
function changedNodes(before: ImageData, after: ImageData): number {
  const differs = (node: DrawnNode): boolean => {
    const { x1, y1, w, h } = node.renderedBoundingBox();
    for (let y = Math.floor(y1); y < y1 + h; y += 1) {
      const from = 4 * (y * after.width + Math.floor(x1));
      for (let at = from; at < from + 4 * Math.floor(w); at += 1) {
        if (before.data[at] !== after.data[at]) return true;
      }
    }
    return false;
  };
  return core()?.nodes('[nodeId]').map(differs).filter(Boolean).length ?? 0;
}

/**
 * The first drawing of a cluster, the same world read again, and one percent of it elsewhere. What is drawn is measured
 * until it is in the pixels of the canvases, the first time as every other.
 */
async function measure(scale: GraphScale): Promise<DrawnGraph> {
  forgetCluster();
  await nextTick();
  await frame();
  const world = worldOf(scale);
  const whole = structuredClone({
    ...{ clusterId, base: null, revision: (revision += 1), takenAt: world.snapshot.takenAt },
    ...wholeContent(contentOf(world.snapshot)),
  });
  const reachability = arriving(world.reachability);
  const conditions = arriving(makeConditions(world));
  const bytesRevision = (revision += 1);
  const held = { ...world.sizes, bytesRevision };
  const sizes = arriving(toSizesChange(null, held));

  const began = performance.now();
  bridge.emit('sizes.changed', sizes);
  bridge.emit('reachability.changed', reachability);
  bridge.emit('states.changed', conditions);
  bridge.emit('snapshot.changed', whole);
  await nextTick();
  await drawn(scale.nodes);
  const drawMs = rastered() - began;
  const cy = core();
  if (cy === null) throw new Error('nothing was drawn');
  const elements = cy.elements().length;
  for (let count = 0; count < 30; count += 1) await frame();

  let frames = 0;
  let lastFrame = 0;
  const onRender = (): void => {
    frames += 1;
    lastFrame = performance.now();
  };
  cy.on('render', onRender);
  const latencies = world.reachability.nodes.map((node) => ({
    ...node,
    latencyMs: (node.latencyMs ?? 0) + 1,
  }));
  const sameReachability = arriving({ ...world.reachability, nodes: latencies });
  const sameConditions = arriving(makeConditions(world));
  const sameSizes = arriving(toSizesChange(held, held));
  const sameBegan = performance.now();
  bridge.emit('snapshot.seen', { clusterId, revision: whole.revision, takenAt: '2026-03-01T12:10:00.000Z' });
  bridge.emit('reachability.changed', sameReachability);
  bridge.emit('states.changed', sameConditions);
  bridge.emit('sizes.changed', sameSizes);
  await nextTick();
  let sameMs = performance.now() - sameBegan;
  for (let count = 0; count < 4; count += 1) await frame();
  if (frames > 0) sameMs = lastFrame - sameBegan;
  const framesForNothing = frames;
  cy.off('render', onRender);

  const before = picture();
  const moved = moveShards(world, 0.01);
  const change = diffContent(contentOf(world.snapshot), contentOf(moved.snapshot));
  if (change === null) throw new Error('nothing was moved');
  const told = structuredClone({
    ...{ clusterId, base: whole.revision, revision: (revision += 1), takenAt: world.snapshot.takenAt },
    ...change,
  });
  const movedSizes = arriving(toSizesChange(held, { ...moved.sizes, bytesRevision: (revision += 1) }));
  const changedBegan = performance.now();
  bridge.emit('sizes.changed', movedSizes);
  bridge.emit('snapshot.changed', told);
  await nextTick();
  const changedMs = (await changedPictureAt(before)) - changedBegan;
  const after = picture();
  for (let count = 0; count < 4; count += 1) await frame();
  const isWhole = isSamePicture(picture(), after);
  return {
    ...{ drawMs, sameMs, changedMs, elements, framesForNothing, isWhole },
    shards: world.snapshot.shards.length,
    changedNodes: changedNodes(before, after),
  };
}

Object.assign(window, { graphPage: { measure } });
await start();
