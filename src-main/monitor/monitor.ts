/** The readings that go on while a cluster is open: catalogs, reach of the nodes, sizes, running jobs. */
import type { CatalogFacts } from '../citus/capabilities';
import type {
  ClusterReachability,
  ClusterSizes,
  ClusterSnapshot,
  JobProgress,
  SizesWanted,
} from '../contract/cluster';
import { FailureError } from '../contract/failure';
import type { Failure } from '../contract/failure';
import type { HealthReport } from '../contract/health';
import type { ClusterNodeStates } from '../contract/node-states';
import type { SessionState } from '../contract/sessions';
import type { MoveSample } from '../plans/move-estimate';
import type { StrategyAnswers } from '../plans/planner-world';
import { isoTime, systemClock } from './clock';
import type { Clock } from './clock';
import { createDisksKeeper } from './disks-keeper';
import type { DisksKeeper, PlanningFacts } from './disks-keeper';
import { createHealthKeeper } from './health-keeper';
import type { HealthKeeper } from './health-keeper';
import { createJobKeeper } from './job-keeper';
import type { JobKeeper } from './job-keeper';
import type { MonitorParts, Publish } from './parts';
import { createReachabilityKeeper } from './reachability-keeper';
import type { ReachabilityKeeper } from './reachability-keeper';
import { createRevisions } from './revisions';
import type { Revisions } from './revisions';
import { createSizesKeeper } from './sizes-keeper';
import type { SizesKeeper } from './sizes-keeper';
import { createSnapshotKeeper } from './snapshot-keeper';
import type { SnapshotKeeper } from './snapshot-keeper';
import { createStatesKeeper } from './states-keeper';
import type { StatesKeeper } from './states-keeper';
import { createStrategyKeeper } from './strategy-keeper';
import type { StrategyKeeper } from './strategy-keeper';

export interface Monitor {
  /** To be told every state of every session: watches the open, rests with the lost, forgets the closed. */
  onSession(state: SessionState): void;
  /** Begins to read, or goes on after `rest`. */
  watch(clusterId: string): void;
  /** The session is lost: what was read stays, with its age; the nodes are still tried. */
  rest(clusterId: string): void;
  unwatch(clusterId: string): void;
  /** The last good one; null when nothing was read yet. */
  snapshot(clusterId: string): ClusterSnapshot | null;
  /** Reads now. Throws `FailureError`; the last good snapshot stays. */
  refresh(clusterId: string, signal?: AbortSignal): Promise<ClusterSnapshot>;
  /** Sizes not older than `maxAgeMs`; asks every node through the coordinator where there are none. */
  sizes(clusterId: string, maxAgeMs: number): Promise<ClusterSizes>;
  /** Sizes as fresh as those need them who look; see `sizes-keeper.ts`. */
  lookAtSizes(clusterId: string, wanted: SizesWanted): Promise<ClusterSizes>;
  /** Null when they were never read. */
  lastSizes(clusterId: string): ClusterSizes | null;
  /** What plans are made from beside snapshot and sizes, not older than `maxAgeMs`. */
  planningFacts(
    clusterId: string,
    maxAgeMs: number,
  ): Promise<PlanningFacts & { readonly moveTimes: readonly MoveSample[] }>;
  /** What a strategy of the cluster's own answers for shards and nodes; a text says why that is not known. */
  strategyAnswers(
    clusterId: string,
    name: string,
    snapshot: ClusterSnapshot,
    maxAgeMs: number,
  ): Promise<StrategyAnswers | string>;
  reachability(clusterId: string): ClusterReachability | null;
  /** What state each node is in, why and since when. Null before the catalogs were read once. */
  states(clusterId: string): ClusterNodeStates | null;
  /** Tries every node now. */
  probe(clusterId: string): Promise<ClusterReachability>;
  /** Of the job that runs, or of the last that did while the cluster was open. */
  progress(clusterId: string): JobProgress | null;
  /** The last report; asking for it keeps it fresh for a while. Null when none was made yet. */
  healthReport(clusterId: string): HealthReport | null;
  /** Every health check again, now. Throws `FailureError`; the last report stays. */
  checkHealth(clusterId: string, signal?: AbortSignal): Promise<HealthReport>;
  /** Ends everything. */
  stop(): void;
}

interface Watched {
  readonly snapshots: SnapshotKeeper;
  readonly sizes: SizesKeeper;
  readonly disks: DisksKeeper;
  readonly strategies: StrategyKeeper;
  readonly reachability: ReachabilityKeeper;
  readonly states: StatesKeeper;
  readonly jobs: JobKeeper;
  readonly health: HealthKeeper;
  isResting: boolean;
}

export function createMonitor(parts: MonitorParts): Monitor {
  const clock = parts.clock ?? systemClock;
  const clusters = new Map<string, Watched>();
  const revisions = new Map<string, Revisions>();

  const create = (clusterId: string): Watched => {
    const own = revisions.get(clusterId) ?? createRevisions();
    revisions.set(clusterId, own);
    return createWatched(clusterId, parts, clock, own);
  };

  const watch = (clusterId: string): void => {
    const known = clusters.get(clusterId);
    if (known && !known.isResting) return;
    const watched = known ?? create(clusterId);
    clusters.set(clusterId, watched);
    watched.isResting = false;
    watched.snapshots.start();
  };

  const rest = (clusterId: string): void => {
    const watched = clusters.get(clusterId);
    if (!watched) return;
    watched.isResting = true;
    watched.snapshots.pause();
    watched.jobs.pause();
  };

  const unwatch = (clusterId: string): void => {
    rest(clusterId);
    clusters.get(clusterId)?.reachability.stop();
    clusters.get(clusterId)?.health.stop();
    clusters.delete(clusterId);
  };

  const watchedOne = (clusterId: string): Watched => {
    const watched = clusters.get(clusterId);
    if (watched) return watched;
    throw new FailureError({
      kind: 'not-connected',
      message: 'The cluster is not connected.',
      remedy: 'Connect to the cluster first.',
    });
  };

  return {
    onSession(state) {
      switch (state.phase) {
        case 'open':
          watch(state.clusterId);
          return;
        case 'lost':
          rest(state.clusterId);
          return;
        case 'closed':
        case 'failed':
          unwatch(state.clusterId);
          return;
        case 'connecting':
      }
    },
    watch,
    rest,
    unwatch,
    snapshot: (clusterId) => clusters.get(clusterId)?.snapshots.last() ?? null,
    refresh: async (clusterId, signal) => watchedOne(clusterId).snapshots.refresh(signal),
    sizes: async (clusterId, maxAgeMs) => watchedOne(clusterId).sizes.read(maxAgeMs),
    lookAtSizes: async (clusterId, wanted) => watchedOne(clusterId).sizes.look(wanted),
    lastSizes: (clusterId) => clusters.get(clusterId)?.sizes.last() ?? null,
    planningFacts: async (clusterId, maxAgeMs) => ({
      ...(await watchedOne(clusterId).disks.read(maxAgeMs)),
      moveTimes: parts.moveTimes.samples(clusterId),
    }),
    strategyAnswers: async (clusterId, name, snapshot, maxAgeMs) =>
      watchedOne(clusterId).strategies.read(name, snapshot, maxAgeMs),
    reachability: (clusterId) => clusters.get(clusterId)?.reachability.last() ?? null,
    states: (clusterId) => clusters.get(clusterId)?.states.last() ?? null,
    probe: async (clusterId) => watchedOne(clusterId).reachability.probe(),
    progress: (clusterId) => clusters.get(clusterId)?.jobs.last() ?? null,
    healthReport: (clusterId) => clusters.get(clusterId)?.health.report() ?? null,
    checkHealth: async (clusterId, signal) => watchedOne(clusterId).health.check(signal),
    stop() {
      for (const clusterId of [...clusters.keys()]) unwatch(clusterId);
    },
  };
}

function createWatched(
  clusterId: string,
  { sessions, publish, settings, newId, moveTimes, lastSeen }: MonitorParts,
  clock: Clock,
  revisions: Revisions,
): Watched {
  const coordinator = () => sessions.coordinator(clusterId);
  const aside = () => sessions.aside(clusterId);
  const shared = { clusterId, clock, revisions, publish, coordinator, aside };
  /** Of what the states of the nodes are judged by. */
  const publishAndJudge: Publish = (event, record) => {
    publish(event, record);
    states.look();
  };

  const onSnapshot = (snapshot: ClusterSnapshot): void => {
    reachability.onNodes(snapshot.nodes);
    if (!watched.isResting) jobs.onSnapshot(snapshot);
  };
  const onTrouble = (failure: Failure): void => {
    const seen = snapshots.last();
    publish('notice', {
      noticeId: newId?.() ?? `${clusterId}:${revisions.next()}`,
      revision: 1,
      at: isoTime(clock),
      level: 'mind',
      title: 'The cluster could not be read',
      text: `${failure.message} ${seen ? `What is shown is from ${seen.takenAt}.` : 'Nothing was read yet.'}`,
      clusterId,
    });
  };
  const catalogs = async (): Promise<{ snapshot: ClusterSnapshot; catalog: CatalogFacts }> => {
    const snapshot = snapshots.last() ?? (await snapshots.refresh());
    const text = snapshots.lastText();
    if (!text) throw new Error('a snapshot without the answer it was made from');
    return { snapshot, catalog: text.facts.catalog };
  };

  const snapshots = createSnapshotKeeper({
    ...shared,
    publish: publishAndJudge,
    refreshSeconds: () => settings().refreshSeconds,
    onSnapshot,
    onTrouble,
  });
  const disks = createDisksKeeper({ aside, clock });
  const strategies = createStrategyKeeper({ aside, clock });
  const sizes = createSizesKeeper({
    ...shared,
    catalogs,
    snapshotRevision: () => snapshots.last()?.revision ?? null,
  });
  const reachability = createReachabilityKeeper({
    ...shared,
    publish: publishAndJudge,
    node: (address) => sessions.node(clusterId, address),
  });
  const jobs = createJobKeeper({
    ...shared,
    publish: publishAndJudge,
    sizes: (maxAgeMs) => sizes.read(maxAgeMs),
    lastSizes: () => sizes.last(),
    moveTimes,
    onMoved: () => void snapshots.refresh().catch(() => undefined),
  });
  const states = createStatesKeeper({
    ...shared,
    snapshot: () => snapshots.last(),
    reachability: () => reachability.last(),
    progress: () => jobs.last(),
    lastSeen: async () => (await lastSeen?.(clusterId)) ?? null,
  });
  const health = createHealthKeeper({
    ...shared,
    node: (address) => sessions.node(clusterId, address),
    snapshot: async (isFresh) => (isFresh ? null : snapshots.last()) ?? snapshots.refresh(),
    reachability: async (isFresh) => (isFresh ? null : reachability.last()) ?? reachability.probe(),
    sizes: (maxAgeMs) => sizes.read(maxAgeMs),
  });
  const watched: Watched = {
    snapshots,
    sizes,
    disks,
    strategies,
    reachability,
    states,
    jobs,
    health,
    isResting: false,
  };
  return watched;
}
