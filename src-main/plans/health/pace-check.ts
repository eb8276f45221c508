/** Nodes that answer, and not as they usually do. */
import { activePrimaries, addressOf } from '../plan';
import { slowWords } from '../node-state';
import type { HealthFacts } from './facts';
import { evidence, nodesDo } from './judgement';
import type { Judged } from './judgement';

export function judgeSlowNodes(facts: HealthFacts): Judged {
  const base = {
    id: 'slow-nodes',
    means:
      'A statement waits for the slowest node that it touches. A node that is slow against its own past has a busy disk or processor, or the network to it has changed.',
    how: {
      words: 'The time of the same small statement, every ten seconds, from this workstation.',
      statement: facts.statements.heartbeat,
    },
  };
  const { reachability } = facts;
  if (!reachability.known)
    return {
      ...base,
      level: 'unknown',
      title: 'How fast the nodes answer',
      found: reachability.why,
      mend: null,
      evidence: [],
    };
  const byId = new Map(reachability.value.map((one) => [one.nodeId, one]));
  const seen = activePrimaries(facts.snapshot).flatMap((node) => {
    const reach = byId.get(node.nodeId);
    return reach?.state === 'reachable'
      ? [{ address: addressOf(node), reach, why: slowWords(reach.pace) }]
      : [];
  });
  const slow = seen.filter(({ why }) => why !== null);
  const rows = seen
    .map(({ address, reach, why }) =>
      evidence(
        address,
        why ?? `last answer in ${Math.max(1, Math.round(reach.latencyMs ?? 0))} ms`,
        why !== null,
      ),
    )
    .sort((one, other) => Number(other.isFinding) - Number(one.isFinding));
  if (slow.length > 0)
    return {
      ...base,
      level: 'mind',
      title: nodesDo(
        slow.map(({ address }) => address),
        'answers slowly',
        'answer slowly',
      ),
      found: slow[0]?.why ?? '',
      mend: {
        text: 'Look at the host: its load, its disks, what runs there (pg_stat_activity), and at the network between.',
        page: 'nodes',
      },
      evidence: rows,
    };
  return {
    ...base,
    level: 'fine',
    title: 'Nodes answer as fast as usual',
    found:
      seen.length === 0 ? 'This workstation reaches none by itself.' : 'None is slow against its own past.',
    mend: null,
    evidence: rows,
  };
}
