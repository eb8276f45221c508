/** For each recorded error of distributing and changing tables: how it comes about, and by which reason the planner foresees it. */
import type { OperationRequest, PlanReply, RequestOf } from '../../src-main/contract/operations';

export interface ForesightCase {
  /** Id in errors.json. */
  readonly id: string;
  /** Run before; a name that is given anew each time is not needed, since each case has objects of its own. */
  readonly setup?: string;
  readonly request: OperationRequest;
  /** Code of the reason that names the recorded cause. */
  readonly code?: string;
  /** Where no plan can lead there: what the plan sends instead. */
  readonly avoids?: (reply: PlanReply) => boolean;
  /** The session is on a worker. */
  readonly onWorker?: boolean;
}

/** What the recorded cluster held, as far as a case needs it. */
export const foresightGround = `
  CREATE TABLE agencies (agency_id bigint PRIMARY KEY, name text);
  SELECT create_distributed_table('agencies', 'agency_id', shard_count := 4);
  CREATE TABLE permit_types (code text PRIMARY KEY);
  SELECT create_reference_table('permit_types');
  CREATE TABLE permits (permit_id bigint GENERATED ALWAYS AS IDENTITY, agency_id bigint NOT NULL, code text,
    PRIMARY KEY (agency_id, permit_id));
  SELECT create_distributed_table('permits', 'agency_id', colocate_with := 'agencies');
  ALTER TABLE permits ADD CONSTRAINT permits_code_fk FOREIGN KEY (code) REFERENCES permit_types (code);
  CREATE TABLE visits (agency_id bigint, id bigint, PRIMARY KEY (agency_id, id));
  SELECT create_distributed_table('visits', 'agency_id', colocate_with := 'agencies');
  CREATE TABLE orphans (id bigint, note text);
  CREATE TABLE conc (id int PRIMARY KEY);
  SELECT create_distributed_table('conc', 'id', shard_count := 4, colocate_with := 'none');
  CREATE SCHEMA plain;`;

const named = (name: string, schema = 'public'): { schema: string; name: string } => ({ schema, name });
type Hash = Extract<RequestOf<'distribute-table'>['as'], { type: 'hash' }>;
const hash = (
  table: string,
  column: string,
  more: Partial<Hash> = {},
  schema = 'public',
): OperationRequest => ({
  kind: 'distribute-table',
  table: named(table, schema),
  as: { type: 'hash', column, shardCount: null, colocateWith: 'none', ...more },
});
const reference = (table: string): OperationRequest => ({
  kind: 'distribute-table',
  table: named(table),
  as: { type: 'reference' },
});

export const foresightCases: readonly ForesightCase[] = [
  { id: 'distribute.again', request: hash('agencies', 'agency_id'), code: 'already-distributed' },
  { id: 'distribute.no_column', request: hash('orphans', 'nope'), code: 'no-column' },
  { id: 'distribute.no_table', request: hash('nowhere', 'id'), code: 'no-table' },
  {
    id: 'distribute.pk_without_column',
    setup: 'CREATE TABLE u1 (id bigint PRIMARY KEY, tenant bigint)',
    request: hash('u1', 'tenant'),
    code: 'uniqueness-without-column',
  },
  {
    id: 'distribute.unique_without_column',
    setup: 'CREATE TABLE u2 (id bigint UNIQUE, tenant bigint)',
    request: hash('u2', 'tenant'),
    code: 'uniqueness-without-column',
  },
  {
    id: 'distribute.fk_to_local',
    setup:
      'CREATE TABLE parent (id bigint PRIMARY KEY); CREATE TABLE child (parent_id bigint REFERENCES parent)',
    request: hash('child', 'parent_id'),
    code: 'foreign-key-to-plain',
  },
  {
    id: 'distribute.colocate_type_mismatch',
    setup: 'CREATE TABLE txt (k text)',
    request: hash('txt', 'k', { colocateWith: named('permits') }),
    code: 'colocate-type',
  },
  {
    id: 'distribute.colocate_unknown',
    request: hash('orphans', 'id', { colocateWith: named('nowhere') }),
    code: 'colocate-unknown',
  },
  {
    id: 'distribute.shard_count_zero',
    request: hash('orphans', 'id', { shardCount: 0 }),
    code: 'shard-count',
  },
  {
    id: 'distribute.shard_count_huge',
    request: hash('orphans', 'id', { shardCount: 70_000 }),
    code: 'shard-count',
  },
  {
    id: 'distribute.colocate_and_count',
    request: hash('orphans', 'id', { shardCount: 4, colocateWith: named('permits') }),
    code: 'colocate-and-count',
  },
  {
    id: 'distribute.json_column',
    setup: 'CREATE TABLE js (k json)',
    request: hash('js', 'k'),
    code: 'type-not-hashable',
  },
  {
    id: 'distribute.view',
    setup: 'CREATE VIEW v AS SELECT 1 AS id',
    request: hash('v', 'id'),
    code: 'not-a-table',
  },
  {
    id: 'distribute.temp',
    setup: 'CREATE TEMP TABLE tt (id int)',
    request: hash('tt', 'id', {}, 'pg_temp'),
    code: 'temporary-table',
  },
  {
    id: 'distribute.partition_directly',
    setup: `CREATE TABLE pp (id int, at date) PARTITION BY RANGE (at);
            CREATE TABLE pp1 PARTITION OF pp FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')`,
    request: hash('pp1', 'id'),
    code: 'is-partition',
  },
  {
    id: 'distribute.partitioned_pk_without_column',
    setup: 'CREATE TABLE pq (id int, at date, t int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)',
    request: hash('pq', 't'),
    code: 'uniqueness-without-column',
  },
  {
    id: 'distribute.exclusion',
    setup: 'CREATE TABLE ex (id int, r int4range, EXCLUDE USING gist (r WITH &&))',
    request: hash('ex', 'id'),
    code: 'uniqueness-without-column',
  },
  {
    id: 'distribute.generated',
    setup: 'CREATE TABLE gen (a int, b int GENERATED ALWAYS AS (a * 2) STORED)',
    request: hash('gen', 'b'),
    code: 'generated-column',
  },
  {
    id: 'distribute.trigger',
    setup: `CREATE TABLE trg (id int);
            CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
            CREATE TRIGGER t BEFORE INSERT ON trg FOR EACH ROW EXECUTE FUNCTION tf()`,
    request: hash('trg', 'id'),
    code: 'triggers',
  },
  {
    id: 'distribute.inherits',
    setup: 'CREATE TABLE base (id int); CREATE TABLE derived () INHERITS (base)',
    request: hash('derived', 'id'),
    code: 'inheritance',
  },
  {
    id: 'distribute.system_table',
    request: hash('pg_class', 'oid', {}, 'pg_catalog'),
    code: 'catalog-table',
  },
  { id: 'reference.again', request: reference('permit_types'), code: 'already-distributed' },
  { id: 'reference.of_distributed', request: reference('permits'), code: 'already-distributed' },
  {
    id: 'undistribute.local',
    request: { kind: 'undistribute-table', table: named('orphans'), cascade: false },
    code: 'not-distributed',
  },
  {
    id: 'undistribute.fk',
    request: { kind: 'undistribute-table', table: named('permits'), cascade: false },
    code: 'foreign-keys',
  },
  {
    id: 'alter.shard_count_no_cascade',
    request: { kind: 'alter-table', table: named('permits'), column: null, shardCount: 16, cascade: null },
    code: 'colocated-tables',
  },
  {
    id: 'alter.column_fk',
    request: {
      kind: 'alter-table',
      table: named('permits'),
      column: 'code',
      shardCount: null,
      cascade: null,
    },
    code: 'identity-column',
  },
  {
    id: 'alter.same_count',
    request: { kind: 'alter-table', table: named('conc'), column: null, shardCount: 4, cascade: null },
    code: 'nothing-changes',
  },
  {
    id: 'isolate.reference',
    request: {
      kind: 'isolate-tenant',
      table: named('permit_types'),
      value: 'BLD',
      nodeId: null,
      transferMode: 'block_writes',
    },
    code: 'not-hash',
  },
  {
    id: 'isolate.no_cascade',
    request: {
      kind: 'isolate-tenant',
      table: named('permits'),
      value: '7',
      nodeId: null,
      transferMode: 'block_writes',
    },
    avoids: (reply) =>
      reply.outcome === 'plan'
      && reply.plan.steps.some((step) => step.action.type === 'isolate-tenant' && step.action.cascade),
  },
  {
    id: 'split.bad_point',
    request: {
      kind: 'split-shard',
      shardId: 'of conc',
      points: [99_999_999_999],
      nodeIds: [2, 3],
      transferMode: 'block_writes',
    },
    code: 'point-outside',
  },
  {
    id: 'schema.distribute_public',
    request: { kind: 'distribute-schema', schema: 'public' },
    code: 'system-schema',
  },
  {
    id: 'schema.undistribute_plain',
    request: { kind: 'undistribute-schema', schema: 'plain' },
    code: 'nothing-changes',
  },
  {
    id: 'on_worker.create_distributed_call',
    request: hash('w1', 'id'),
    code: 'not-coordinator',
    onWorker: true,
  },
];
