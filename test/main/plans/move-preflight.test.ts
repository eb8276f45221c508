import { describe, expect, it } from 'vitest';
import type { ClusterNode } from '../../../src-main/contract/cluster';
import type { HealthCheck } from '../../../src-main/contract/health';
import type { PlannedMove } from '../../../src-main/contract/operations';
import { preflight } from '../../../src-main/plans/move-preflight';
import type { MoveRoom } from '../../../src-main/plans/move-preflight';
import { snapshot } from './fixtures';

const world = snapshot({});
const [first, second] = world.nodes.filter((node) => node.groupId !== 0) as [ClusterNode, ClusterNode];
const name = (node: ClusterNode): string => `${node.name}:${node.port}`;
const gigabyte = 1024 ** 3;

function move(bytes: number | null): PlannedMove {
  return { shardId: '100', tables: ['permits'], sourceNode: name(first), targetNode: name(second), bytes };
}

function room(over: Partial<MoveRoom> = {}): MoveRoom {
  return {
    nodeId: second.nodeId,
    freeBytes: 50 * gigabyte,
    totalBytes: 100 * gigabyte,
    oldTransactions: [],
    lockedRelations: [],
    ...over,
  };
}

function check(id: string, level: HealthCheck['level']): HealthCheck {
  return {
    id,
    title: `${id} title`,
    level,
    word: '',
    found: 'Found.',
    means: '',
    how: { words: '', statement: null },
    mend: { text: 'Mend it.', sql: 'SELECT 1;' },
    evidence: [],
    since: '',
  };
}

function codes(
  rooms: readonly MoveRoom[],
  moves: readonly PlannedMove[] = [move(gigabyte)],
  checks: readonly HealthCheck[] = [],
  mode: 'auto' | 'block_writes' = 'auto',
): { readonly findings: readonly string[]; readonly reasons: readonly string[] } {
  const found = preflight({ snapshot: world, health: { checks }, rooms }, moves, mode);
  return {
    findings: found.findings.map(({ code }) => code),
    reasons: found.reasons.map(({ code }) => code),
  };
}

describe('preflight', () => {
  it('finds nothing where there is nothing', () => {
    expect(codes([room()])).toEqual({ findings: [], reasons: [] });
  });

  it.each([
    ['room for everything', room(), gigabyte, [], []],
    ['less than 10 % left by one move', room({ freeBytes: 12 * gigabyte }), 5 * gigabyte, [], ['no-room']],
    [
      'room for the shard but not for its log',
      room({ freeBytes: 30 * gigabyte }),
      18 * gigabyte,
      [`room-${second.nodeId}`],
      [],
    ],
    ['a disk that does not tell', room({ freeBytes: null, totalBytes: null }), 90 * gigabyte, [], []],
    ['a move of unknown size', room({ freeBytes: gigabyte }), null, [], []],
  ] as const)('%s', (_words, one, bytes, findings, reasons) => {
    expect(codes([one], [move(bytes)])).toEqual({ findings, reasons });
  });

  it('names old transactions and locks on nodes that take part, and no others', () => {
    const old = { pid: 7, seconds: 900, role: 'app' };
    expect(codes([room({ oldTransactions: [old], lockedRelations: ['permits_100'] })]).findings).toEqual([
      'old-transactions',
      'locked',
    ]);
    expect(codes([room({ nodeId: 999, oldTransactions: [old] })]).findings).toEqual([]);
    expect(codes([room({ lockedRelations: ['other_100'] })]).findings).toEqual([]);
  });

  it('takes over the checks of the health page that a move depends on, with their mend', () => {
    const checks = [
      check('wal-senders', 'stops'),
      check('cleanup', 'mind'),
      check('metadata', 'fine'),
      check('shard-skew', 'mind'),
    ];
    expect(codes([room()], [move(1)], checks).findings).toEqual([
      'health-wal-senders',
      'health-cleanup',
      'preflight-fine',
    ]);
    // Nothing is decoded where writes are blocked instead.
    expect(codes([room()], [move(1)], checks, 'block_writes').findings).toEqual([
      'health-cleanup',
      'preflight-fine',
    ]);
    const found = preflight({ snapshot: world, health: { checks }, rooms: [] }, [move(1)], 'auto')
      .findings[0];
    expect(found?.remedy).toBe('Mend it. SELECT 1;');
  });

  it('says so where the checks could not be made', () => {
    const found = preflight({ snapshot: world, health: null, rooms: [] }, [move(1)], 'auto');
    expect(found.findings.map(({ code }) => code)).toEqual(['preflight-unknown']);
  });

  it('minds read replicas', () => {
    const replica = { ...second, nodeId: 77, role: 'secondary' as const };
    const found = preflight(
      { snapshot: snapshot({ nodes: [...world.nodes, replica] }), health: { checks: [] }, rooms: [] },
      [move(1)],
      'auto',
    );
    expect(found.findings.map(({ code }) => code)).toEqual(['secondaries']);
  });
});
