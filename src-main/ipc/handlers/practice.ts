/** Practice clusters: each is introduced to the list of clusters, so that it is connected to like any other. */
import { FailureError } from '../../contract/failure';
import type { PracticeCluster } from '../../contract/practice';
import type { PracticeService } from '../../practice/practice-service';
import type { Profiles } from '../../storage/profiles';
import type { Secrets } from '../../storage/secrets';
import type { Registry } from '../../connections/registry';
import type { Handlers } from '../serve';

type PracticeHandlers = Pick<Handlers, Extract<keyof Handlers, `practice.${string}`>>;

export interface PracticeParts {
  readonly practice: PracticeService;
  readonly profiles: Profiles;
  readonly secrets: Secrets;
  readonly registry: Registry;
  /** Removes what is kept of the cluster's past. */
  readonly forgetHistory: (clusterId: string) => Promise<void>;
  /** When what a crash left has been tidied up; nothing is started before. */
  readonly ready: Promise<void>;
}

export function practiceHandlers(parts: PracticeParts): PracticeHandlers {
  const { practice, registry, ready } = parts;
  /** Sessions end first: a server that is stopped under them would only look like a fault. */
  const disconnect = async (practiceId: string): Promise<void> => {
    const cluster = (await practice.list()).clusters.find((one) => one.practiceId === practiceId);
    if (cluster && registry.states().some((state) => state.clusterId === cluster.clusterId)) {
      await registry.close(cluster.clusterId);
    }
  };
  return {
    'practice.list': async () => {
      await ready;
      return practice.list();
    },
    'practice.create': async (input, signal) => {
      await ready;
      const cluster = await practice.create(input);
      // Nodes that are being made cannot be left half-made: a cancelled cluster is finished and removed at once.
      if (signal.aborted) {
        await practice.remove(cluster.practiceId);
        throw new FailureError({
          kind: 'cancelled',
          message: 'Cancelled. The practice cluster was removed.',
        });
      }
      return introduce(parts, cluster);
    },
    'practice.start': async ({ practiceId }) => {
      await ready;
      return introduce(parts, await practice.start(practiceId));
    },
    'practice.stop': async ({ practiceId }) => {
      await disconnect(practiceId);
      return practice.stop(practiceId);
    },
    'practice.reset': async ({ practiceId }) => {
      await disconnect(practiceId);
      return introduce(parts, await practice.reset(practiceId));
    },
    'practice.remove': async ({ practiceId }) => {
      await disconnect(practiceId);
      const cluster = (await practice.list()).clusters.find((one) => one.practiceId === practiceId);
      await practice.remove(practiceId);
      if (cluster) {
        await parts.secrets.forget(cluster.clusterId);
        await parts.profiles.removePractice(cluster.clusterId);
        await parts.forgetHistory(cluster.clusterId);
      }
      return null;
    },
    'practice.addNode': ({ practiceId }) => practice.addNode(practiceId),
    'practice.killNode': ({ practiceId, node }) => practice.killNode(practiceId, node),
    'practice.reviveNode': ({ practiceId, node }) => practice.reviveNode(practiceId, node),
  };
}

/** The password is held in memory alone: it is the practice cluster's own, and kept with its files. */
async function introduce(
  parts: Omit<PracticeParts, 'ready'>,
  cluster: PracticeCluster,
): Promise<PracticeCluster> {
  const endpoint = await parts.practice.endpointOf(cluster.practiceId);
  parts.secrets.hold(cluster.clusterId, endpoint.password);
  await parts.profiles.savePractice({
    id: cluster.clusterId,
    name: cluster.name,
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    tls: { mode: 'disable' },
  });
  return cluster;
}

/** Practice profiles whose cluster is gone (its folder was removed, its record is unreadable) leave the list. */
export async function forgetLostPractice(parts: Omit<PracticeParts, 'ready'>): Promise<void> {
  const known = new Set((await parts.practice.list()).clusters.map(({ clusterId }) => clusterId));
  for (const profile of parts.profiles.list().profiles) {
    if (profile.origin === 'practice' && !known.has(profile.id)) {
      await parts.profiles.removePractice(profile.id);
      await parts.forgetHistory(profile.id);
    }
  }
}
