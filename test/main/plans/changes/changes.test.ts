/** Known traps of changing distributed tables: each refused by its own reason, and what is planned when there is none. */
import { describe, expect, it } from 'vitest';
import { altersByColumnName } from '../../../../src-main/citus/capabilities';
import type { PlanReply, RequestOf } from '../../../../src-main/contract/operations';
import { planChangeAccessMethod } from '../../../../src-main/plans/changes/access-method';
import { planAlterTable } from '../../../../src-main/plans/changes/alter-table';
import type { ChangeFacts } from '../../../../src-main/plans/changes/change-facts';
import { planChangeColocation } from '../../../../src-main/plans/changes/colocation';
import { planConvertTable } from '../../../../src-main/plans/changes/convert-table';
import { planCreatePartitions, planDropPartitions } from '../../../../src-main/plans/changes/partitions';
import { planDistributeSchema, planMoveSchema } from '../../../../src-main/plans/changes/schema';
import { planSplitShard } from '../../../../src-main/plans/changes/split-shard';
import { planIsolateTenant } from '../../../../src-main/plans/changes/tenant';
import { planUndistribute } from '../../../../src-main/plans/changes/undistribute';
import type { TableFacts } from '../../../../src-main/contract/table-facts';
import {
  answers,
  codesOf,
  column,
  context,
  distributeFacts,
  hashShards,
  planOf,
  reasonsOf,
  snapshot,
  table,
  tableFacts,
} from '../fixtures';

const permits = table(100, 'permits', { colocationId: 1 });
const visits = table(101, 'visits', { colocationId: 1 });
const alone = table(102, 'alone', { colocationId: 2 });
const group = (colocationId: number): ReturnType<typeof snapshot>['colocationGroups'][number] => ({
  colocationId,
  shardCount: 4,
  replicationFactor: 1,
  distributionColumnType: 'bigint',
  distributionColumnCollation: null,
});
const of = snapshot({
  tables: [permits, visits, alone],
  colocationGroups: [group(1), group(2)],
  shards: [
    ...hashShards(permits, 1000, [1, 2]),
    ...hashShards(visits, 2000, [1, 2]),
    ...hashShards(alone, 3000, [1, 2]),
  ],
});
const named = (name: string): { schema: string; name: string } => ({ schema: 'public', name });

function facts(more: Partial<TableFacts> = {}, rest: Partial<ChangeFacts> = {}): ChangeFacts {
  const own = tableFacts({ oid: 100, ...more });
  return {
    snapshot: of,
    answers: answers(of),
    settings: distributeFacts().settings,
    table: own,
    involved: [own, tableFacts({ oid: 101, name: 'visits' })],
    disk: { coordinator: 1e12, byNode: {} },
    columnHasNull: false,
    altersByColumnName: true,
    ...rest,
  };
}
const alter = (more: Partial<RequestOf<'alter-table'>> = {}): RequestOf<'alter-table'> => ({
  kind: 'alter-table',
  table: named('permits'),
  column: null,
  shardCount: 16,
  cascade: true,
  ...more,
});
const shown = (reply: PlanReply): readonly string[] =>
  planOf(reply).steps.flatMap((step) => step.statements.map((one) => one.shown));
const identity = {
  generated: 'ALWAYS',
  sequence: named('permits_id_seq'),
  options: 'START WITH 1 INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 CACHE 1',
} as const;
const view = { kind: 'view', name: 'open_permits' } as const;
const method = { kind: 'function', name: 'fee(permits)' } as const;

describe('altering a table', () => {
  it('changes the whole group, and compares the rows of all of it', () => {
    const sql = shown(planAlterTable(facts(), alter(), context));
    expect(sql).toContain(
      `SELECT alter_distributed_table('"public"."permits"', shard_count => 16, cascade_to_colocated => true)`,
    );
    expect(sql.filter((one) => one.startsWith('SELECT count(*)'))).toHaveLength(4);
  });

  it.each([
    ['an identity column', { columns: [column('id', { identity })] }, {}, 'identity-column'],
    ['a function of its rows', { dependents: [method] }, {}, 'dependent-functions'],
    ['a dropped column', { droppedColumns: 1 }, {}, 'dropped-column'],
    ['a partition', { parent: named('whole') }, {}, 'is-partition'],
    ['somebody else as owner', { actsAsOwner: false }, {}, 'not-owner'],
    [
      'too little room',
      { totalBytes: 1e12 },
      { disk: { coordinator: null, byNode: { 2: 10 } } },
      'disk-space',
    ],
    [
      'a key from a table that does not change along',
      { referencedBy: [{ name: 'k', table: named('plain'), definition: '' }] },
      {},
      'foreign-keys',
    ],
    ['no such table', {}, { table: null }, 'no-table'],
  ] as const)('is refused with %s', (_what, more, rest, code) => {
    expect(codesOf(planAlterTable(facts(more, rest), alter(), context))).toEqual([code]);
  });

  it.each([
    ['nothing to change', { shardCount: 4 }, 'nothing-changes'],
    ['colocated tables that nothing was said of', { cascade: null }, 'colocated-tables'],
    ['a column for the whole group', { column: 'agency_id', shardCount: null }, 'column-cascade'],
    ['a column that is not there', { column: 'nope', shardCount: null, cascade: null }, 'no-column'],
  ] as const)('is refused with %s', (_what, more, code) => {
    expect(codesOf(planAlterTable(facts(), alter(more), context))).toContain(code);
  });

  it('goes on over a dropped column only where the server has the mend, and only when a person says so', () => {
    const gap = { droppedColumns: 1 };
    const [reason] = reasonsOf(planAlterTable(facts(gap), alter(), context));
    const repairs = [reason?.repair?.id ?? ''];
    expect(planAlterTable(facts(gap), alter({ repairs }), context).outcome).toBe('plan');
    const old = facts(gap, { altersByColumnName: false });
    expect(codesOf(planAlterTable(old, alter({ repairs }), context))).toEqual(['dropped-column']);
    expect(['11.0-4', '11.1-1', '11.2-1', '13.2-1'].map(altersByColumnName)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('says what happens to views', () => {
    const codes = planOf(planAlterTable(facts({ dependents: [view] }), alter(), context)).findings;
    expect(codes.find((finding) => finding.code === 'views')?.message).toContain('Rights granted');
  });

  it('waits for a running job', () => {
    const job = {
      jobId: '3',
      state: 'running',
      jobType: 'rebalance',
      description: 'r',
      startedAt: null,
      finishedAt: null,
      taskCounts: {},
    } as const;
    const busy = facts({}, { snapshot: { ...of, jobs: [job] } });
    expect(codesOf(planAlterTable(busy, alter(), context))).toEqual(['job-running']);
  });
});

describe('undistributing', () => {
  const request = { kind: 'undistribute-table', table: named('permits'), cascade: false } as const;
  const tie = {
    referencedBy: [{ name: 'k', table: named('visits'), definition: '' }],
    connectedKeys: [{ name: 'k', from: named('visits'), to: named('permits'), definition: '' }],
  };

  it('shows the chain that goes along', () => {
    expect(codesOf(planUndistribute(facts(tie), request, context))).toEqual(['foreign-keys']);
    const plan = planOf(planUndistribute(facts(tie), { ...request, cascade: true }, context));
    expect(plan.details).toMatchObject({ changes: [{ subject: 'permits' }, { subject: 'visits' }] });
    expect(plan.findings.map((finding) => finding.code)).toContain('cascade');
  });

  it('is refused without room on the coordinator, and for a table that is not distributed', () => {
    const full = facts({ totalBytes: 1e9 }, { disk: { coordinator: 1e6, byNode: {} } });
    expect(codesOf(planUndistribute(full, request, context))).toEqual(['disk-space']);
    const plain = facts({ oid: 7, name: 'plain' });
    expect(codesOf(planUndistribute(plain, request, context))).toEqual(['not-distributed']);
  });
});

describe('colocation', () => {
  const join = { kind: 'change-colocation', table: named('permits'), colocateWith: named('alone') } as const;

  it('changes the metadata alone where the shards lie alike, and copies where they do not', () => {
    expect(shown(planChangeColocation(facts(), join, context))[0]).toContain(
      'update_distributed_table_colocation',
    );
    const apart = {
      ...of,
      shards: [...hashShards(permits, 1000, [1, 2]), ...hashShards(alone, 3000, [2, 1])],
    };
    const sql = shown(planChangeColocation(facts({}, { snapshot: apart }), join, context));
    expect(sql.some((one) => one.includes('alter_distributed_table') && one.includes('colocate_with'))).toBe(
      true,
    );
  });

  it('is not broken while a foreign key needs it', () => {
    const tied = facts({ referencedBy: [{ name: 'k', table: named('visits'), definition: '' }] });
    expect(codesOf(planChangeColocation(tied, { ...join, colocateWith: 'none' }, context))).toEqual([
      'foreign-keys',
    ]);
  });
});

describe('other changes', () => {
  it('store a table in a way the server knows', () => {
    const request = {
      kind: 'change-access-method',
      table: named('permits'),
      accessMethod: 'columnar',
    } as const;
    const known = { ...facts(), accessMethods: ['heap'] };
    expect(codesOf(planChangeAccessMethod(known, request, context))).toEqual(['no-access-method']);
    const plan = planOf(
      planChangeAccessMethod({ ...known, accessMethods: ['columnar', 'heap'] }, request, context),
    );
    expect(plan.findings.map((finding) => finding.code)).toContain('columnar');
  });

  it('convert over an ordinary table, in two steps', () => {
    const request = { kind: 'convert-table', table: named('permits'), to: { type: 'reference' } } as const;
    expect(planOf(planConvertTable(facts(), request, context)).steps.map((step) => step.action.type)).toEqual(
      ['undistribute-table', 'distribute-table', 'truncate-local-data'],
    );
  });

  it('isolate a tenant with all that is colocated, and move it where it shall be', () => {
    const request = {
      kind: 'isolate-tenant',
      table: named('permits'),
      value: '7',
      nodeId: 3,
      transferMode: 'auto',
    } as const;
    const shard = { shardId: '1000', minValue: -10, maxValue: 10, nodeId: 2 };
    const known = { ...facts(), shard, shardFailure: null, shardBytes: 10 };
    expect(shown(planIsolateTenant(known, request, context))).toEqual([
      `SELECT isolate_tenant_to_new_shard('"public"."permits"', '7'::bigint, 'CASCADE', shard_transfer_mode => 'auto')`,
      expect.stringContaining('citus_move_shard_placement'),
    ]);
    const only = { ...known, shard: { ...shard, minValue: 10 } };
    expect(codesOf(planIsolateTenant(only, { ...request, nodeId: null }, context))).toEqual([
      'nothing-changes',
    ]);
    expect(codesOf(planIsolateTenant({ ...known, shard: null }, request, context))).toEqual([
      'no-shard-of-value',
    ]);
  });

  it.each([
    ['outside', [2_000_000_000], 'point-outside'],
    ['not rising', [-2_000_000_000, -2_100_000_000], 'points-order'],
  ] as const)('do not split a shard at points %s', (_what, points, code) => {
    const shard = of.shards.find((one) => one.shardId === '1000') ?? null;
    const reply = planSplitShard(
      { ...facts(), shard, shardBytes: null },
      {
        kind: 'split-shard',
        shardId: '1000',
        points: [...points],
        nodeIds: points.length === 1 ? [2, 3] : [2, 3, 2],
        transferMode: 'auto',
      },
      context,
    );
    expect(codesOf(reply)).toEqual([code]);
  });

  it('make and drop time partitions only where a table has them', () => {
    const create = {
      kind: 'create-partitions',
      table: named('permits'),
      interval: '1 month',
      from: '2026-01-01',
      to: '2026-02-01',
    } as const;
    const none = { missing: [], old: [], failure: null };
    expect(codesOf(planCreatePartitions({ ...facts(), ...none }, create, context))).toContain(
      'not-partitioned',
    );
    const byTime = facts({ kind: 'partitioned', partitionedBy: [{ name: 'at', type: 'date' }] });
    expect(codesOf(planCreatePartitions({ ...byTime, ...none }, create, context))).toEqual([
      'nothing-changes',
    ]);
    const old = [{ schema: 'public', name: 'p1', from: 'a', to: 'b' }];
    const drop = { kind: 'drop-partitions', table: named('permits'), olderThan: '2026-01-01' } as const;
    expect(planOf(planDropPartitions({ ...byTime, ...none, old }, drop, context)).steps[0]?.canBeUndone).toBe(
      false,
    );
  });

  it('distribute and move a schema as a whole', () => {
    const schema = { exists: true, isDistributed: false, nodeIds: [] };
    const base = {
      snapshot: of,
      answers: answers(of),
      settings: distributeFacts().settings,
      disk: { coordinator: null, byNode: {} },
    };
    const notes = tableFacts({ schema: 'ten', name: 'notes', oid: 500 });
    const request = { kind: 'distribute-schema', schema: 'ten' } as const;
    expect(planDistributeSchema({ ...base, schema, tables: [notes] }, request, context).outcome).toBe('plan');
    const leaving = {
      ...notes,
      foreignKeys: [
        {
          name: 'k',
          columns: ['id'],
          references: named('plain'),
          referencedColumns: ['id'],
          onDelete: 'no action',
          onUpdate: 'no action',
          definition: '',
        } as const,
      ],
    };
    expect(codesOf(planDistributeSchema({ ...base, schema, tables: [leaving] }, request, context))).toEqual([
      'foreign-key-leaves-schema',
    ]);
    const there = { exists: true, isDistributed: true, nodeIds: [2] };
    const move = { kind: 'move-schema', schema: 'ten', nodeId: 2, transferMode: 'auto' } as const;
    expect(codesOf(planMoveSchema({ ...base, schema: there, tables: [notes] }, move, context))).toEqual([
      'nothing-changes',
    ]);
    expect(
      codesOf(planMoveSchema({ ...base, schema: there, tables: [notes] }, { ...move, nodeId: 1 }, context)),
    ).toEqual(['node-takes-no-shards']);
  });
});

describe('identity columns', () => {
  const numbered = { columns: [column('id', { identity })] };
  const repairs = ['identity public.permits'];
  const undistribute = { kind: 'undistribute-table', table: named('permits'), cascade: false } as const;

  it('are set aside only when a person says so, and come back where the table is an ordinary one again', () => {
    const [reason] = reasonsOf(planUndistribute(facts(numbered), undistribute, context));
    expect(reason).toMatchObject({ code: 'identity-column', repair: { id: repairs[0] } });
    const sql = shown(planUndistribute(facts(numbered), { ...undistribute, repairs }, context));
    expect(sql.find((one) => one.includes('undistribute_table'))?.split(';\n')).toEqual([
      'SET LOCAL citus.enable_ddl_propagation TO off',
      `CREATE SEQUENCE "public"."permits_id_numbers" AS bigint ${identity.options}`,
      `SELECT setval('"public"."permits_id_numbers"', last_value, is_called) FROM "public"."permits_id_seq"`,
      'ALTER TABLE "public"."permits" ALTER COLUMN "id" DROP IDENTITY',
      'SET LOCAL citus.enable_ddl_propagation TO on',
      `SELECT undistribute_table('"public"."permits"')`,
      `ALTER TABLE "public"."permits" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME "public"."permits_id_seq" ${identity.options})`,
      `SELECT setval('"public"."permits_id_seq"', last_value, is_called) FROM "public"."permits_id_numbers"`,
      'DROP SEQUENCE "public"."permits_id_numbers"',
    ]);
  });

  it('are numbered by a sequence from then on where the table stays distributed', () => {
    const sql = shown(planAlterTable(facts(numbered), alter({ repairs }), context)).join(';\n');
    expect(sql).toContain(`ALTER COLUMN "id" SET DEFAULT nextval('"public"."permits_id_numbers"')`);
    expect(sql).not.toContain('ADD GENERATED');
  });
});
