/** What may stop or hold up moves, each with its mend. Pure. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { HealthCheck, HealthReport } from '../contract/health';
import type { Finding, PlannedMove, RefusalReason, ShardTransferMode } from '../contract/operations';
import { activePrimaries, addressOf, counted, listed, sizeWords } from './plan';

/** What a node tells of itself; null where it did not answer. */
export interface MoveRoom {
  readonly nodeId: number;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly oldTransactions: readonly {
    readonly pid: number;
    readonly seconds: number;
    readonly role: string;
  }[];
  readonly lockedRelations: readonly string[];
}

export interface PreflightFacts {
  readonly snapshot: ClusterSnapshot;
  /** Null where the checks of the health page could not be made. */
  readonly health: Pick<HealthReport, 'checks'> | null;
  /** Empty where the nodes could not be asked. */
  readonly rooms: readonly MoveRoom[];
}

/** Checks of the health page that a move depends on; those of the log and of replication only when it is made online. */
const always = [
  'connectivity',
  'metadata',
  'version-library',
  'version-extension',
  'library-extension',
  'disk',
  'cleanup',
  'in-doubt',
  'placements',
  'inactive',
] as const;
const online = [
  'replication-slots',
  'wal-senders',
  'worker-processes',
  'idle-slots',
  'online-moves',
] as const;

export function preflight(
  facts: PreflightFacts,
  moves: readonly PlannedMove[],
  mode: ShardTransferMode,
): { readonly findings: readonly Finding[]; readonly reasons: readonly RefusalReason[] } {
  const findings: Finding[] = [...healthFindings(facts, mode), ...waitFindings(facts, moves)];
  const space = spaceOf(facts, moves);
  findings.push(...space.findings);
  const secondaries = facts.snapshot.nodes.filter((node) => node.role === 'secondary' && node.isActive);
  if (secondaries.length > 0) {
    findings.push({
      level: 'mind',
      code: 'secondaries',
      message: `${counted(secondaries.length, 'read replica')} ${secondaries.length === 1 ? 'receives' : 'receive'} every copied shard too, and ${secondaries.length === 1 ? 'needs' : 'need'} as much room and time.`,
      remedy: 'Watch their lag while shards move.',
    });
  }
  return { findings, reasons: space.reasons };
}

function healthFindings({ health }: PreflightFacts, mode: ShardTransferMode): readonly Finding[] {
  if (health === null) {
    return [
      {
        level: 'mind',
        code: 'preflight-unknown',
        message: 'The checks of the health page could not be made, so what may hold up a move is not known.',
        remedy: 'Look at the health page.',
      },
    ];
  }
  const wanted: readonly string[] = mode === 'block_writes' ? always : [...always, ...online];
  const checks = health.checks.filter((check) => wanted.includes(check.id));
  const fine = checks.filter((check) => check.level === 'fine').length;
  return [
    ...checks.filter((check) => check.level !== 'fine').map(toFinding),
    ...(fine === 0
      ? []
      : [
          {
            level: 'fine' as const,
            code: 'preflight-fine',
            message: `${counted(fine, 'check')} of nodes, settings, versions and disks ${fine === 1 ? 'is' : 'are'} fine.`,
          },
        ]),
  ];
}

function toFinding(check: HealthCheck): Finding {
  const mend = check.mend;
  return {
    level: 'mind',
    code: `health-${check.id}`,
    message: `${check.title}. ${check.found}`,
    ...(mend === null ? {} : { remedy: mend.sql ? `${mend.text} ${mend.sql}` : mend.text }),
  };
}

function waitFindings(
  { snapshot, rooms }: PreflightFacts,
  moves: readonly PlannedMove[],
): readonly Finding[] {
  const touched = new Set(moves.flatMap((move) => [move.sourceNode, move.targetNode]));
  const names = new Map(snapshot.nodes.map((node) => [node.nodeId, addressOf(node)]));
  const findings: Finding[] = [];
  const old = rooms.flatMap((room) => {
    const name = names.get(room.nodeId) ?? '';
    return touched.has(name) ? room.oldTransactions.map((one) => ({ ...one, name })) : [];
  });
  if (old.length > 0) {
    findings.push({
      level: 'mind',
      code: 'old-transactions',
      message: `${counted(old.length, 'transaction')} open for more than five minutes: ${listed(
        old.map((one) => `${one.role} on ${one.name}, ${Math.round(one.seconds / 60)} min`),
      )}. A copy waits for every transaction that began before it.`,
      remedy: `Let ${old.length === 1 ? 'it' : 'them'} end, or end ${old.length === 1 ? 'it' : 'them'} there: ${old
        .slice(0, 4)
        .map((one) => `SELECT pg_terminate_backend(${one.pid});`)
        .join(' ')}`,
    });
  }
  const moving = new Set(moves.flatMap((move) => move.tables));
  const locked = rooms.flatMap((room) => {
    const name = names.get(room.nodeId) ?? '';
    return room.lockedRelations
      .filter((relation) => moving.has(relation.replace(/_\d+$/, '')) || moving.has(relation))
      .map((relation) => `${relation} on ${name}`);
  });
  if (locked.length > 0) {
    findings.push({
      level: 'mind',
      code: 'locked',
      message: `Locked against writing right now: ${listed(locked)}. A move waits for that lock, and writes behind it wait too.`,
      remedy: 'Let the statement that holds the lock end first.',
    });
  }
  return findings;
}

/** Citus refuses a move that leaves less than this share of the target's disk free. */
const citusKeepsFree = 0.1;

function spaceOf(
  { snapshot, rooms }: PreflightFacts,
  moves: readonly PlannedMove[],
): { readonly findings: readonly Finding[]; readonly reasons: readonly RefusalReason[] } {
  const findings: Finding[] = [];
  const reasons: RefusalReason[] = [];
  for (const node of activePrimaries(snapshot)) {
    const name = addressOf(node);
    const room = rooms.find((one) => one.nodeId === node.nodeId);
    if (!room || room.freeBytes === null || room.totalBytes === null) continue;
    const incoming = bytesOf(moves.filter((move) => move.targetNode === name));
    const leaving = bytesOf(moves.filter((move) => move.sourceNode === name));
    // The copy writes about as much log as data, and a source keeps the log that the copy has still to read.
    const needed = incoming * 2 + leaving;
    const largest = Math.max(0, ...moves.map((move) => (move.targetNode === name ? (move.bytes ?? 0) : 0)));
    if (largest > 0 && room.freeBytes - largest < room.totalBytes * citusKeepsFree) {
      reasons.push({
        code: 'no-room',
        message: `${name} has ${sizeWords(room.freeBytes)} of ${sizeWords(room.totalBytes)} free; with a shard group of ${sizeWords(largest)} less than 10 % would be left, which Citus refuses.`,
        fix: 'Free disk there, choose another node, or lower citus.desired_percent_disk_available_after_move on the coordinator.',
      });
    } else if (needed > 0 && needed > room.freeBytes) {
      findings.push({
        level: 'mind',
        code: `room-${node.nodeId}`,
        message: `${name} has ${sizeWords(room.freeBytes)} free; shards that come and the log that is written meanwhile may take ${sizeWords(needed)}.`,
        remedy: 'Move fewer shard groups at a time, or free disk there first.',
      });
    }
  }
  return { findings, reasons };
}

function bytesOf(moves: readonly PlannedMove[]): number {
  return moves.reduce((sum, move) => sum + (move.bytes ?? 0), 0);
}
