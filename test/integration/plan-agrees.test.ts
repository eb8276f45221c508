/** Whatever the planner refuses the server refuses too, and whatever it plans the server does: case by case. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src-main/connections/database';
import { toFailure } from '../../src-main/contract/failure';
import type { RequestOf } from '../../src-main/contract/operations';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

type As = RequestOf<'distribute-table'>['as'];
const hash = (column: string, more: Partial<Extract<As, { type: 'hash' }>> = {}): As => ({
  type: 'hash',
  column,
  shardCount: 4,
  colocateWith: 'none',
  ...more,
});
const beside = (name: string): Partial<Extract<As, { type: 'hash' }>> => ({
  colocateWith: { schema: 'public', name },
  shardCount: null,
});

interface Case {
  readonly what: string;
  readonly setup: string;
  readonly name: string;
  readonly as: As;
  /** Code of the reason, or null where it is planned and the server does it. */
  readonly refusal: string | null;
  /** The emulator refuses more than Citus, and says so; what it does not do is not asked of it. */
  readonly onlyReal?: boolean;
}

/** Tables that are there from the beginning: d (hash by bigint), d_text (hash by text), r (reference), plain. */
const cases: readonly Case[] = [
  {
    what: 'a plain table',
    setup: 'CREATE TABLE t (id int PRIMARY KEY)',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'one that is distributed already',
    setup: '',
    name: 'd',
    as: hash('id'),
    refusal: 'already-distributed',
  },
  { what: 'one that does not exist', setup: '', name: 'nowhere', as: hash('id'), refusal: 'no-table' },
  {
    what: 'a column that does not exist',
    setup: 'CREATE TABLE t (id int)',
    name: 't',
    as: hash('nope'),
    refusal: 'no-column',
  },
  {
    what: 'a primary key without the column',
    setup: 'CREATE TABLE t (id int PRIMARY KEY, x int)',
    name: 't',
    as: hash('x'),
    refusal: 'uniqueness-without-column',
  },
  {
    what: 'a unique constraint without the column',
    setup: 'CREATE TABLE t (id int UNIQUE, x int)',
    name: 't',
    as: hash('x'),
    refusal: 'uniqueness-without-column',
  },
  {
    what: 'a unique index on an expression',
    setup: 'CREATE TABLE t (id int, x text); CREATE UNIQUE INDEX ON t (lower(x))',
    name: 't',
    as: hash('id'),
    refusal: 'uniqueness-without-column',
  },
  {
    what: 'a unique index with the column',
    setup: 'CREATE TABLE t (id int, x text); CREATE UNIQUE INDEX ON t (id, lower(x))',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'an exclusion without the column',
    setup: 'CREATE TABLE t (id int, r int4range, EXCLUDE USING gist (r WITH &&))',
    name: 't',
    as: hash('id'),
    refusal: 'uniqueness-without-column',
  },
  {
    what: 'json as the column',
    setup: 'CREATE TABLE t (k json)',
    name: 't',
    as: hash('k'),
    refusal: 'type-not-hashable',
  },
  {
    what: 'a generated column',
    setup: 'CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED)',
    name: 't',
    as: hash('b'),
    refusal: 'generated-column',
  },
  {
    what: 'NULL in the column',
    setup: 'CREATE TABLE t (k int); INSERT INTO t VALUES (NULL)',
    name: 't',
    as: hash('k'),
    refusal: 'null-values',
  },
  {
    what: 'a view',
    setup: 'CREATE VIEW t AS SELECT 1 AS id',
    name: 't',
    as: hash('id'),
    refusal: 'not-a-table',
  },
  {
    what: 'a partition',
    setup: `CREATE TABLE p (id int, at date) PARTITION BY RANGE (at); CREATE TABLE t PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`,
    name: 't',
    as: hash('id'),
    refusal: 'is-partition',
  },
  {
    what: 'a partitioned table',
    setup: `CREATE TABLE t (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`,
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'a partitioned table as a reference table',
    setup: `CREATE TABLE t (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)`,
    name: 't',
    as: { type: 'reference' },
    refusal: 'partitioned-reference',
  },
  {
    what: 'a table with partitions of partitions',
    setup: `CREATE TABLE t (id int, at date) PARTITION BY RANGE (at); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY LIST (id)`,
    name: 't',
    as: hash('id'),
    refusal: 'multi-level-partitions',
  },
  {
    what: 'a trigger',
    setup:
      `CREATE TABLE t (id int); CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`.replace(
        'BEFORE INSERT',
        'BEFORE UPDATE',
      ),
    name: 't',
    as: hash('id'),
    refusal: 'triggers',
  },
  {
    what: 'a parent of inheritance',
    setup: 'CREATE TABLE t (id int); CREATE TABLE heir () INHERITS (t)',
    name: 't',
    as: hash('id'),
    refusal: 'inheritance',
  },
  {
    what: 'a child of inheritance',
    setup: 'CREATE TABLE base (id int); CREATE TABLE t () INHERITS (base)',
    name: 't',
    as: hash('id'),
    refusal: 'inheritance',
  },
  {
    what: 'inheritance, as a local table',
    setup: 'CREATE TABLE t (id int); CREATE TABLE heir () INHERITS (t)',
    name: 't',
    as: { type: 'local' },
    refusal: 'inheritance',
  },
  {
    what: 'an identity column of int',
    setup: 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'a negative scale',
    setup: 'CREATE TABLE t (k numeric(5, -2))',
    name: 't',
    as: hash('k'),
    refusal: 'negative-scale',
  },
  {
    what: 'a scale of zero',
    setup: 'CREATE TABLE t (k numeric(5, 0))',
    name: 't',
    as: hash('k'),
    refusal: null,
  },
  {
    what: 'a foreign key to a plain table',
    setup: 'CREATE TABLE t (id int REFERENCES plain)',
    name: 't',
    as: hash('id'),
    refusal: 'foreign-key-to-plain',
  },
  {
    what: 'a self reference by another column',
    setup: 'CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)',
    name: 't',
    as: hash('id'),
    refusal: 'foreign-key-position',
    onlyReal: true,
  },
  {
    what: 'a self reference by the column',
    setup: 'CREATE TABLE t (id int, n int, up int, PRIMARY KEY (id, n), FOREIGN KEY (id, up) REFERENCES t)',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'a colocation with another type',
    setup: 'CREATE TABLE t (k int)',
    name: 't',
    as: hash('k', beside('d')),
    refusal: 'colocate-type',
  },
  {
    what: 'a colocation with the type',
    setup: 'CREATE TABLE t (k bigint)',
    name: 't',
    as: hash('k', beside('d')),
    refusal: null,
  },
  {
    what: 'a colocation with a reference table',
    setup: 'CREATE TABLE t (k text)',
    name: 't',
    as: hash('k', beside('r')),
    refusal: 'colocate-not-hash',
  },
  {
    what: 'a colocation with nothing',
    setup: 'CREATE TABLE t (k bigint)',
    name: 't',
    as: hash('k', beside('nowhere')),
    refusal: 'colocate-unknown',
  },
  {
    what: 'a colocation and a count',
    setup: 'CREATE TABLE t (k bigint)',
    name: 't',
    as: hash('k', { ...beside('d'), shardCount: 4 }),
    refusal: 'colocate-and-count',
  },
  {
    what: 'a foreign key whose table lies elsewhere',
    setup: 'CREATE TABLE t (k bigint); ',
    name: 't',
    as: hash('k'),
    refusal: null,
  },
  {
    what: 'a local table that is local already',
    setup: 'CREATE TABLE t (id int); SELECT citus_add_local_table_to_metadata($$t$$)',
    name: 't',
    as: { type: 'local' },
    refusal: 'already-distributed',
    onlyReal: true,
  },
  {
    what: 'a local table by hash',
    setup:
      'CREATE TABLE t (id int); INSERT INTO t VALUES (1); SELECT citus_add_local_table_to_metadata($$t$$)',
    name: 't',
    as: hash('id'),
    refusal: null,
    onlyReal: true,
  },
  {
    what: 'a local table as a reference table',
    setup: 'CREATE TABLE t (id int); SELECT citus_add_local_table_to_metadata($$t$$)',
    name: 't',
    as: { type: 'reference' },
    refusal: null,
    onlyReal: true,
  },
  {
    what: 'a plain table tied by keys, alone, as a local table',
    setup: 'CREATE TABLE t (id int REFERENCES plain)',
    name: 't',
    as: { type: 'local' },
    refusal: 'foreign-key-chain',
  },
  {
    what: 'an unlogged table',
    setup: 'CREATE UNLOGGED TABLE t (id int)',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'row level security',
    setup: 'CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    name: 't',
    as: hash('id'),
    refusal: null,
  },
  {
    what: 'an empty table, by append',
    setup: 'CREATE TABLE t (id int, v text)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: null,
  },
  {
    what: 'one with a unique key elsewhere, by append',
    setup: 'CREATE TABLE t (id int, v text UNIQUE)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'uniqueness-without-column',
  },
  {
    what: 'one with rows, by append',
    setup: 'CREATE TABLE t (id int); INSERT INTO t VALUES (1)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'not-empty',
  },
  {
    what: 'a partitioned one, by append',
    setup: 'CREATE TABLE t (id int) PARTITION BY RANGE (id)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'partitioned-append',
  },
  {
    what: 'a key to a reference table, by append',
    setup: 'CREATE TABLE t (id int, code text REFERENCES r)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'foreign-key-append',
  },
  {
    what: 'a key to itself, by append',
    setup: 'CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'foreign-key-append',
  },
  {
    what: 'a trigger, by append',
    setup:
      'CREATE TABLE t (id int); CREATE TRIGGER z BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'triggers',
  },
  {
    what: 'a computed column, by append',
    setup: 'CREATE TABLE t (a int, id int GENERATED ALWAYS AS (a) STORED)',
    name: 't',
    as: { type: 'append', column: 'id' },
    refusal: 'generated-column',
  },
];

describe.each(await engines())('plans and the server agree on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let coordinator: Database;
  let operated: OperatedCluster;
  let folder = '';
  const run = async (text: string): Promise<void> => void (await coordinator.change({ text }));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), `plans-${randomUUID()}`));
    cluster = await startPracticeCluster({ engine, workers: 2 });
    coordinator = await cluster.connect();
    operated = await operate(cluster, folder);
    await run('CREATE TABLE d (id bigint PRIMARY KEY)');
    await run(`SELECT create_distributed_table('d', 'id', shard_count => 4)`);
    await run('CREATE TABLE r (code text PRIMARY KEY)');
    await run(`SELECT create_reference_table('r')`);
    await run('CREATE TABLE plain (id int PRIMARY KEY)');
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(cases.filter((one) => !one.onlyReal || !engine.isEmulator))('about $what', async (one) => {
    if (one.setup) await run(one.setup);
    try {
      const reply = await operated.plan({
        kind: 'distribute-table',
        table: { schema: 'public', name: one.name },
        as: one.as,
      });
      const codes = reply.outcome === 'refusal' ? reply.reasons.map((reason) => reason.code) : [];
      expect(codes).toEqual(one.refusal === null ? [] : expect.arrayContaining([one.refusal]));
      const statement =
        reply.outcome === 'plan'
          ? (reply.plan.steps[0]?.statements.find((each) => !each.text.includes('count(*)')) ?? {
              text: '',
              values: [],
            })
          : statementOf(one);
      const answer = await coordinator.change(statement).then(
        () => 'done',
        (error: unknown) => toFailure(error).message,
      );
      if (one.refusal === null) expect(answer).toBe('done');
      // Citus says nothing to a table that is local already; asking for it is still no change.
      else if (one.as.type !== 'local' || one.refusal !== 'already-distributed')
        expect(answer).not.toBe('done');
    } finally {
      for (const kind of ['VIEW', 'TABLE']) {
        for (const name of ['t', 'p', 'base', 'heir']) {
          await run(`DROP ${kind} IF EXISTS ${name} CASCADE`).catch(() => undefined);
        }
      }
    }
  });
});

/** What a person would have typed, had the plan not refused. */
function statementOf(one: Case): { readonly text: string; readonly values: readonly (string | number)[] } {
  switch (one.as.type) {
    case 'append':
      return {
        text: `SELECT create_distributed_table($1, $2, 'append')`,
        values: [one.name, one.as.column],
      };
    case 'reference':
      return { text: 'SELECT create_reference_table($1)', values: [one.name] };
    case 'local':
      return { text: 'SELECT citus_add_local_table_to_metadata($1)', values: [one.name] };
    case 'hash': {
      const { column, colocateWith, shardCount } = one.as;
      const colocate = typeof colocateWith === 'string' ? colocateWith : colocateWith.name;
      return shardCount === null
        ? {
            text: 'SELECT create_distributed_table($1, $2, colocate_with => $3)',
            values: [one.name, column, colocate],
          }
        : {
            text: 'SELECT create_distributed_table($1, $2, colocate_with => $3, shard_count => $4)',
            values: [one.name, column, colocate, shardCount],
          };
    }
  }
}
