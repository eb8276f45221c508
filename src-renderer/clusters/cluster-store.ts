/**
 * The records of every cluster, as main last told them. For views:
 *
 *   const cluster = useCluster(() => props.clusterId);
 *   cluster.session.value       SessionState | undefined
 *   cluster.snapshot.value      ClusterSnapshot | undefined   the last good one; it stays when reading fails
 *   cluster.seenAt.value        ISO 8601 | undefined          when the world was last read and looked like `snapshot`
 *   cluster.reachability.value  ClusterReachability | undefined
 *   cluster.conditions.value    ClusterNodeStates | undefined     state of each node, why and since when
 *   cluster.sizes.value         ClusterSizes | undefined      read only while someone looks: call useSizes(clusterId)
 *   cluster.progress.value      JobProgress | undefined       of the running background job, while there is one
 *   cluster.health.value        HealthReport | undefined      of the last health check
 *   cluster.operations.value    readonly Operation[]          newest first
 *   cluster.practice.value      PracticeCluster | undefined   when it is a practice cluster
 *   cluster.profile.value       Profile | undefined
 *   cluster.name.value          string
 *   cluster.isOpen.value        boolean                       the session answers
 *
 * Records are whole, read-only and shallowly reactive: a new one takes the place of the old (40 000 shards are not
 * made reactive one by one). Of each record the highest revision is kept, whatever order they arrive in.
 */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef, toValue } from 'vue';
import type { ComputedRef, MaybeRefOrGetter } from 'vue';
import type {
  ClusterReachability,
  JobProgress,
  SizesChange,
  SnapshotChange,
} from '../../src-main/contract/cluster';
import type { HealthReport } from '../../src-main/contract/health';
import type { ClusterNodeStates } from '../../src-main/contract/node-states';
import type { Operation } from '../../src-main/contract/operations';
import type { PracticeCluster, PracticeList } from '../../src-main/contract/practice';
import type { Profile, ProfileList } from '../../src-main/contract/profiles';
import type { SessionState } from '../../src-main/contract/sessions';
import { keepNewest, keepNewestRevision } from './newest';
import { applySizesChange } from './sizes-changes';
import type { HeldSizes } from './sizes-changes';
import { applySnapshotChange } from './snapshot-changes';
import type { HeldSnapshot } from './snapshot-changes';

export const useClusterStore = defineStore('clusters', () => {
  const profileList = shallowRef<ProfileList>();
  const practiceList = shallowRef<PracticeList>();
  const sessions = shallowReactive(new Map<string, SessionState>());
  const snapshots = shallowReactive(new Map<string, HeldSnapshot>());
  const seenAt = shallowReactive(new Map<string, string>());
  const reachability = shallowReactive(new Map<string, ClusterReachability>());
  const conditions = shallowReactive(new Map<string, ClusterNodeStates>());
  const sizes = shallowReactive(new Map<string, HeldSizes>());
  const progress = shallowReactive(new Map<string, JobProgress>());
  const health = shallowReactive(new Map<string, HealthReport>());
  const operations = shallowReactive(new Map<string, Operation>());
  /** The cluster whose pages are open; set by the router. */
  const currentId = ref<string | null>(null);

  const profiles = computed<readonly Profile[]>(() => profileList.value?.profiles ?? []);
  const practices = computed<readonly PracticeCluster[]>(() => practiceList.value?.clusters ?? []);
  const operationsByCluster = computed(() => {
    const byCluster = new Map<string, Operation[]>();
    for (const operation of operations.values()) {
      const of = byCluster.get(operation.clusterId);
      if (of === undefined) byCluster.set(operation.clusterId, [operation]);
      else of.push(operation);
    }
    for (const of of byCluster.values()) {
      of.sort((one, other) => other.createdAt.localeCompare(one.createdAt));
    }
    return byCluster;
  });

  function putProfiles(list: ProfileList): void {
    if (list.revision >= (profileList.value?.revision ?? -1)) profileList.value = list;
  }
  function putPractice(list: PracticeList): void {
    if (list.revision >= (practiceList.value?.revision ?? -1)) practiceList.value = list;
  }
  function putSession(session: SessionState): void {
    keepNewestRevision(sessions, session.clusterId, session);
  }
  function putSnapshot(snapshot: HeldSnapshot): void {
    const { clusterId, revision, takenAt } = snapshot;
    // The one that is held stays the same object: what was worked out from it holds.
    const isHeld = snapshots.get(clusterId)?.revision === revision;
    if (isHeld || keepNewestRevision(snapshots, clusterId, snapshot)) keepNewest(seenAt, clusterId, takenAt);
  }
  /** False when the revision it builds on is not held: the whole record has to be asked for. */
  function putSnapshotChange(change: SnapshotChange): boolean {
    const held = snapshots.get(change.clusterId);
    if (held !== undefined && held.revision >= change.revision) return true;
    const next = applySnapshotChange(held, change);
    if (next !== null) putSnapshot(next);
    return next !== null;
  }
  function putSeen(seen: {
    readonly clusterId: string;
    readonly revision: number;
    readonly takenAt: string;
  }): void {
    // Of an older world that was seen again, or a newer one whose record is still to come, nothing is said.
    if (snapshots.get(seen.clusterId)?.revision === seen.revision) {
      keepNewest(seenAt, seen.clusterId, seen.takenAt);
    }
  }
  function putReachability(record: ClusterReachability): void {
    keepNewestRevision(reachability, record.clusterId, record);
  }
  function putConditions(record: ClusterNodeStates): void {
    keepNewestRevision(conditions, record.clusterId, record);
  }
  function putSizes(record: HeldSizes): void {
    const held = sizes.get(record.clusterId);
    const isSame = held?.bytesRevision !== undefined && held.bytesRevision === record.bytesRevision;
    // Equal bytes stay the same object: what was worked out from them holds.
    keepNewestRevision(sizes, record.clusterId, isSame ? { ...record, shardBytes: held.shardBytes } : record);
  }
  /** False when the bytes it builds on are not held: the whole record has to be asked for. */
  function putSizesChange(change: SizesChange): boolean {
    const held = sizes.get(change.clusterId);
    if (held !== undefined && held.revision >= change.revision) return true;
    const next = applySizesChange(held, change);
    if (next !== null) putSizes(next);
    return next !== null;
  }
  function putProgress(record: JobProgress): void {
    keepNewestRevision(progress, record.clusterId, record);
  }
  function putHealth(report: HealthReport): void {
    keepNewestRevision(health, report.clusterId, report);
  }
  function putOperation(operation: Operation): void {
    keepNewestRevision(operations, operation.operationId, operation);
  }

  return {
    profileList,
    practiceList,
    profiles,
    practices,
    sessions,
    snapshots,
    seenAt,
    reachability,
    conditions,
    sizes,
    progress,
    health,
    operations,
    operationsByCluster,
    currentId,
    putProfiles,
    putPractice,
    putSession,
    putSnapshot,
    putSnapshotChange,
    putSeen,
    putReachability,
    putConditions,
    putSizes,
    putSizesChange,
    putProgress,
    putHealth,
    putOperation,
  };
});

export interface ClusterRecords {
  readonly clusterId: ComputedRef<string>;
  readonly name: ComputedRef<string>;
  readonly profile: ComputedRef<Profile | undefined>;
  readonly practice: ComputedRef<PracticeCluster | undefined>;
  readonly session: ComputedRef<SessionState | undefined>;
  readonly isOpen: ComputedRef<boolean>;
  readonly snapshot: ComputedRef<HeldSnapshot | undefined>;
  readonly seenAt: ComputedRef<string | undefined>;
  readonly reachability: ComputedRef<ClusterReachability | undefined>;
  readonly conditions: ComputedRef<ClusterNodeStates | undefined>;
  readonly sizes: ComputedRef<HeldSizes | undefined>;
  readonly progress: ComputedRef<JobProgress | undefined>;
  readonly health: ComputedRef<HealthReport | undefined>;
  readonly operations: ComputedRef<readonly Operation[]>;
}

const noOperations: readonly Operation[] = [];

/** Everything known of one cluster; the id may be a getter or a ref. */
export function useCluster(clusterId: MaybeRefOrGetter<string>): ClusterRecords {
  const store = useClusterStore();
  const id = computed(() => toValue(clusterId));
  const profile = computed(() => store.profiles.find((one) => one.id === id.value));
  const practice = computed(() => store.practices.find((one) => one.clusterId === id.value));
  const session = computed(() => store.sessions.get(id.value));
  const progress = computed(() => {
    const record = store.progress.get(id.value);
    return record !== undefined && isUnderWay(record) ? record : undefined;
  });
  return {
    clusterId: id,
    name: computed(() => practice.value?.name ?? profile.value?.name ?? session.value?.address ?? id.value),
    profile,
    practice,
    session,
    isOpen: computed(() => session.value?.phase === 'open'),
    snapshot: computed(() => store.snapshots.get(id.value)),
    seenAt: computed(() => store.seenAt.get(id.value)),
    reachability: computed(() => store.reachability.get(id.value)),
    conditions: computed(() => store.conditions.get(id.value)),
    sizes: computed(() => store.sizes.get(id.value)),
    progress,
    health: computed(() => store.health.get(id.value)),
    operations: computed(() => store.operationsByCluster.get(id.value) ?? noOperations),
  };
}

/** Whether the job still has something to do; the last record of an ended job stays in the store. */
export function isUnderWay(progress: JobProgress): boolean {
  return ['scheduled', 'running', 'cancelling', 'failing'].includes(progress.job.state);
}
