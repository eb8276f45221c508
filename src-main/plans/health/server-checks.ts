/** What lies about on the servers: slots that hold back WAL, transactions in doubt, clocks, disks. */
import { counted, listed, sizeWords } from '../plan';
import type { CommitRecords, HealthFacts, NodeHealthFacts } from './facts';
import { answersOf, evidence, judgeNodes, nodesDo, onEachNode, onNodes, unknownFor } from './judgement';
import type { Judged } from './judgement';

const retainedBytes = 64 * 1024 * 1024;
const citusSlot = /^citus_shard_(move|split)_slot_/;

export function judgeIdleSlots(facts: HealthFacts): Judged {
  const isJobRunning = facts.snapshot.jobs.some(
    ({ state }) => !['finished', 'cancelled', 'failed'].includes(state),
  );
  return judgeNodes(facts, {
    id: 'idle-slots',
    subject: 'Replication slots',
    pick: ({ slots }) => slots,
    judge: (slots) => {
      const idle = slots.filter(
        (slot) =>
          slot.walStatus === 'lost'
          || slot.walStatus === 'unreserved'
          || (!slot.isActive
            && ((slot.retainedBytes ?? 0) >= retainedBytes || (citusSlot.test(slot.name) && !isJobRunning))),
      );
      const words = idle.map(({ name, retainedBytes: bytes, walStatus }) =>
        walStatus === 'lost' ? `${name}: lost` : `${name}: ${sizeWords(bytes ?? 0)} of WAL`,
      );
      return {
        value: idle.length > 0 ? listed(words) : `${slots.length} in use`,
        isFinding: idle.length > 0,
      };
    },
    level: 'mind',
    title: (names) => `Idle replication slots hold back WAL ${onNodes(names)}`,
    found: () => 'Nobody reads from them, and the log they keep grows until the disk is full.',
    fine: {
      title: 'No idle replication slot',
      found: 'No slot without a reader holds back more than 64 MB of WAL.',
    },
    means: 'A slot keeps every byte of the log from the last place its reader confirmed.',
    how: { words: onEachNode, statement: facts.statements.slots },
    mend: {
      text: "Slots that Citus left behind go with its own cleanup. A standby's or another program's slot is dropped by hand, when it is certain that nobody comes back for it.",
      sql: 'CALL citus_cleanup_orphaned_resources();',
    },
  });
}

export type InDoubtVerdict = 'commit' | 'abort' | 'active' | 'not-known' | 'foreign';

/**
 * What becomes of a prepared transaction: the node that began it keeps a commit record while it is to be committed, and
 * knows the transaction itself while it still runs. The gid is citus_<group>_<pid>_<transaction>_<connection>.
 */
export function inDoubtVerdict(
  gid: string,
  groupId: number,
  commitsOf: (groupId: number) => CommitRecords | null,
): InDoubtVerdict {
  const parts = /^citus_(\d+)_(\d+)_(\d+)_(\d+)$/.exec(gid);
  if (parts === null) return 'foreign';
  const origin = commitsOf(Number(parts[1]));
  if (origin === null) return 'not-known';
  const pid = parts[2] ?? '';
  if (origin.active.has(`${pid}/${parts[3] ?? ''}`) || origin.active.has(pid)) return 'active';
  return origin.records.has(`${groupId}/${gid}`) ? 'commit' : 'abort';
}

const verdictWords: Readonly<Record<InDoubtVerdict, string>> = {
  commit: 'will be committed',
  abort: 'will be rolled back',
  active: 'still runs',
  'not-known': 'the node that began it could not be asked',
  foreign: 'not begun by Citus',
};

const longMs = 5 * 60;

export function judgeInDoubt(facts: HealthFacts): Judged {
  const { answers, silent } = answersOf(facts.nodes, ({ prepared }) => prepared);
  const commitsOf = (groupId: number): CommitRecords | null => {
    const origin = facts.nodes.find((node) => node.groupId === groupId && node.commits.known);
    return origin?.commits.known ? origin.commits.value : null;
  };
  const old = answers.flatMap(({ node, value }) =>
    value
      .filter(({ ageSeconds }) => ageSeconds > 60)
      .map((transaction) => ({
        node,
        ...transaction,
        verdict: inDoubtVerdict(transaction.gid, node.groupId, commitsOf),
      })),
  );
  const base = {
    id: 'in-doubt',
    asksNodes: true,
    means:
      'A prepared transaction keeps its locks and holds back vacuum until it is committed or rolled back. The maintenance daemon decides those of Citus once a minute.',
    how: {
      words: `${onEachNode} Verdict: from pg_dist_transaction and the active transactions of the node that began it.`,
      statement: facts.statements.prepared,
    },
    evidence: [
      ...old.map(({ node, gid, ageSeconds, owner, verdict }) =>
        evidence(
          node.address,
          `${gid} of ${owner}, ${Math.round(ageSeconds / 60)} min old: ${verdictWords[verdict]}`,
          verdict !== 'active',
        ),
      ),
      ...silent.map(({ node, why }) => evidence(node.address, `not known: ${why}`)),
    ],
  };
  const waiting = old.filter(({ verdict }) => verdict !== 'active');
  if (waiting.length > 0) {
    const oldest = Math.max(...waiting.map(({ ageSeconds }) => ageSeconds));
    const isForeign = waiting.every(({ verdict }) => verdict === 'foreign');
    return {
      ...base,
      level: oldest > longMs && !isForeign ? 'stops' : 'mind',
      title: `${counted(waiting.length, 'transaction')} in doubt for more than a minute`,
      found: `The oldest is ${Math.round(oldest / 60)} min old; ${listed([...new Set(waiting.map(({ node }) => node.address))])} ${waiting.length === 1 ? 'holds it' : 'hold them'}.`,
      mend: isForeign
        ? {
            text: 'Another program prepared them. Commit or roll back each by its gid on the node that holds it, as that program means it.',
            sql: waiting[0] ? `ROLLBACK PREPARED ${facts.sql.literal(waiting[0].gid)};` : undefined,
          }
        : {
            text: 'Have the coordinator decide now; it commits what has a commit record and rolls back the rest. A transaction begun on a worker is decided on that worker.',
            sql: 'SELECT recover_prepared_transactions();',
          },
    };
  }
  if (silent.length > 0)
    return { ...base, ...unknownFor('Transactions in doubt', silent, facts.nodes.length), mend: null };
  return {
    ...base,
    level: 'fine',
    title: 'No transaction in doubt',
    found:
      old.length > 0
        ? `${counted(old.length, 'prepared transaction')} of transactions that still run.`
        : 'No prepared transaction is older than a minute.',
    mend: null,
  };
}

const skewMs = 1_000;

export function judgeClocks(facts: HealthFacts): Judged {
  const { answers } = answersOf(facts.nodes, ({ clock }) => clock);
  const offsets = answers.map(({ value }) => value.offsetMs).sort((one, other) => one - other);
  const middle = offsets[Math.floor(offsets.length / 2)] ?? 0;
  return judgeNodes(facts, {
    id: 'clock-skew',
    subject: 'Clock',
    pick: ({ clock }) => clock,
    judge: ({ offsetMs, errorMs }) => {
      const skew = offsetMs - middle;
      const words = `${skew >= 0 ? '+' : '−'}${Math.abs(skew) < 1_000 ? `${Math.round(Math.abs(skew))} ms` : `${(Math.abs(skew) / 1_000).toFixed(1)} s`}, to ±${Math.max(1, Math.round(errorMs))} ms`;
      return { value: words, isFinding: Math.abs(skew) - errorMs > skewMs };
    },
    level: 'mind',
    title: (names) => `The ${names.length === 1 ? 'clock' : 'clocks'} of ${nodesDo(names, 'is', 'are')} off`,
    found: () => 'More than a second apart from the middle of all nodes.',
    fine: { title: 'Clocks agree', found: 'They are within a second of each other.' },
    means:
      'now() and defaults made of it differ by the node that runs a statement; logs of two nodes cannot be read side by side.',
    how: {
      words: `${onEachNode} The time of the way there and back counts as the error.`,
      statement: facts.statements.clock,
    },
    mend: {
      text: 'Have every host follow the same time server (chrony or ntpd), and look whether the service runs.',
    },
  });
}

const share = (node: { readonly availableBytes: number; readonly totalBytes: number }): number =>
  node.totalBytes === 0 ? 1 : node.availableBytes / node.totalBytes;

export function judgeDisk(facts: HealthFacts): Judged {
  const nearlyFull = facts.nodes.some(
    (node: NodeHealthFacts) => node.disk.known && share(node.disk.value) < 0.05,
  );
  return judgeNodes(facts, {
    id: 'disk',
    subject: 'Disk headroom',
    pick: ({ disk }) => disk,
    judge: (disk) => ({
      value: `${sizeWords(disk.availableBytes)} of ${sizeWords(disk.totalBytes)} free (${Math.round(share(disk) * 100)} %)`,
      isFinding: share(disk) < 0.1,
    }),
    level: nearlyFull ? 'stops' : 'mind',
    word: nearlyFull ? 'will fail' : undefined,
    title: (names) => `${nodesDo(names, 'has', 'have')} less than 10 % of the disk free`,
    found: () => 'Moves to it are refused by default, and PostgreSQL stops when the disk is full.',
    fine: { title: 'Disks have room', found: 'At least a tenth of the disk is free on every node.' },
    means:
      'Citus refuses a move after which less than citus.desired_percent_disk_available_after_move (10 %) would be free.',
    how: {
      words: `${onEachNode} It is the file system of the data directory.`,
      statement: facts.statements.disk,
    },
    mend: { text: 'Enlarge the disk, move shards to other nodes, or add a node.', page: 'add-node' },
  });
}
