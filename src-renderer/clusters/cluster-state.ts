/** What is known of a cluster in one state, one word and one line: the rail, the status bar and the palette agree. */
import type { ClusterReachability, ClusterSnapshot } from '../../src-main/contract/cluster';
import { assertNever } from '../api/assert-never';
import type { PracticeCluster } from '../../src-main/contract/practice';
import type { ConnectStage, SessionState } from '../../src-main/contract/sessions';
import { formatCounted, formatDuration } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface ShownCluster {
  readonly state: ShownState;
  /** "connected", "closed", "2 nodes unreachable" */
  readonly word: string;
}

/** In the order they happen. */
export const stageWords: Readonly<Record<ConnectStage, { readonly name: string; readonly doing: string }>> = {
  secret: { name: 'Password', doing: 'reading the password' },
  address: { name: 'Address', doing: 'looking up the address' },
  network: { name: 'Network', doing: 'reaching the port' },
  tls: { name: 'TLS', doing: 'agreeing on TLS' },
  login: { name: 'Login', doing: 'logging in' },
  citus: { name: 'Citus', doing: 'recognising Citus' },
  topology: { name: 'Topology', doing: 'reading the nodes' },
};
export const stageOrder = Object.keys(stageWords) as readonly ConnectStage[];

/** Nodes of the cluster, the coordinator counted once whether it is registered or not. Copies are no nodes of their own. */
export function countNodes(snapshot: ClusterSnapshot): number {
  const hasCoordinator = snapshot.nodes.some((node) => node.groupId === 0);
  return snapshot.nodes.length + (hasCoordinator ? 0 : 1);
}

export function countUnreachable(reachability: ClusterReachability | undefined): number {
  return reachability?.nodes.filter((node) => node.state === 'unreachable').length ?? 0;
}

export function toShownCluster(
  session: SessionState | undefined,
  practice: PracticeCluster | undefined,
  reachability: ClusterReachability | undefined,
  snapshot: ClusterSnapshot | undefined,
): ShownCluster {
  if (practice !== undefined) {
    const ofPractice = toShownPractice(practice);
    if (ofPractice !== null) return ofPractice;
  }
  if (session === undefined) return { state: 'mute', word: 'closed' };
  switch (session.phase) {
    case 'closed':
      return { state: 'mute', word: 'closed' };
    case 'connecting':
      return { state: 'busy', word: 'connecting' };
    case 'lost':
      return { state: 'bad', word: 'connection lost' };
    case 'failed':
      return { state: 'bad', word: 'not connected' };
    case 'open':
      return toShownOpen(reachability, snapshot);
    default:
      return assertNever(session.phase);
  }
}

function toShownOpen(
  reachability: ClusterReachability | undefined,
  snapshot: ClusterSnapshot | undefined,
): ShownCluster {
  const unreachable = countUnreachable(reachability);
  if (unreachable > 0) return { state: 'mind', word: `${formatCounted(unreachable, 'node')} unreachable` };
  const inactive = snapshot?.nodes.filter((node) => !node.isActive && !node.isClone).length ?? 0;
  if (inactive > 0) return { state: 'mind', word: `${formatCounted(inactive, 'node')} inactive` };
  return { state: 'ok', word: 'connected' };
}

/** Null where the session says more than the processes do. */
function toShownPractice(practice: PracticeCluster): ShownCluster | null {
  switch (practice.phase) {
    case 'creating':
    case 'starting':
      return { state: 'busy', word: 'starting' };
    case 'stopping':
      return { state: 'busy', word: 'stopping' };
    case 'stopped':
      return { state: 'mute', word: 'stopped' };
    case 'failed':
      return { state: 'bad', word: 'failed' };
    case 'loading':
    case 'running':
      return null;
    default:
      return assertNever(practice.phase);
  }
}

/** The left end of the status bar. */
export function sessionLine(session: SessionState | undefined, nowMs: number): ShownCluster {
  if (session === undefined) return { state: 'mute', word: 'not connected' };
  switch (session.phase) {
    case 'closed':
      return { state: 'mute', word: `not connected · coordinator ${session.address}` };
    case 'connecting': {
      const doing = session.stage === undefined ? '' : ` · ${stageWords[session.stage].doing}`;
      return { state: 'busy', word: `connecting to ${session.address}${doing}` };
    }
    case 'open':
      return { state: 'ok', word: `connected · coordinator ${session.address}` };
    case 'lost': {
      const leftMs = session.retryAt === undefined ? null : Date.parse(session.retryAt) - nowMs;
      const next =
        leftMs === null
          ? ''
          : leftMs > 999
            ? ` · next attempt in ${formatDuration(leftMs)}`
            : ' · trying again';
      return { state: 'bad', word: `connection to ${session.address} lost${next}` };
    }
    case 'failed':
      return { state: 'bad', word: `not connected to ${session.address}` };
    default:
      return assertNever(session.phase);
  }
}
