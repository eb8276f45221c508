/** Reasons against any change, whatever it is: rights, jobs that run, nodes that do not answer. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { RefusalReason } from '../contract/operations';
import { activePrimaries, addressOf, listed } from './plan';
import type { NodeAnswer } from './plan';

export function refuseOffCoordinator(snapshot: ClusterSnapshot): readonly RefusalReason[] {
  if (snapshot.capabilities.isCoordinator || snapshot.nodes.length === 0) return [];
  return [
    {
      code: 'not-coordinator',
      message: 'This session is not on the coordinator, and Citus makes changes there only.',
      fix: 'Connect to the coordinator of this cluster and plan again.',
    },
  ];
}

export function refuseWhileJobRuns(
  snapshot: ClusterSnapshot,
  waitsBecause: string,
): readonly RefusalReason[] {
  const ended = ['finished', 'cancelled', 'failed'];
  return snapshot.jobs
    .filter((job) => !ended.includes(job.state))
    .map((job) => ({
      code: 'job-running',
      message: `Job ${job.jobId} (${job.description}) is ${job.state}; ${waitsBecause}`,
      fix: 'Wait until it has ended, or stop it from the rebalance view.',
      fixSql: `SELECT citus_job_wait(${job.jobId});`,
    }));
}

/** `answers` comes from the coordinator; a node that is missing in it was not asked and is not held against the plan. */
export function refuseWhileNodesAreDown(
  snapshot: ClusterSnapshot,
  answers: readonly NodeAnswer[],
  because: string,
): readonly RefusalReason[] {
  const byId = new Map(answers.map((answer) => [answer.nodeId, answer]));
  return activePrimaries(snapshot).flatMap((node) => {
    const answer = byId.get(node.nodeId);
    if (!answer || answer.reached) return [];
    return [
      {
        code: 'node-down',
        message: `The coordinator does not reach node ${addressOf(node)}, and ${because}`,
        fix: `Start PostgreSQL on ${addressOf(node)} or mend the network between. Server: ${answer.words}`,
      },
    ];
  });
}

export function nodesWords(snapshot: ClusterSnapshot): string {
  const nodes = snapshot.nodes.map(
    (node) =>
      `${addressOf(node)}${node.isActive ? '' : ' (not active)'}${node.shouldHaveShards ? '' : ' (takes no shards)'}`,
  );
  return listed([...nodes].sort(compareText), Number.MAX_SAFE_INTEGER);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function jobWords(snapshot: ClusterSnapshot): string {
  const ended = ['finished', 'cancelled', 'failed'];
  const running = snapshot.jobs.filter((job) => !ended.includes(job.state));
  return listed(running.map((job) => `job ${job.jobId}`));
}
