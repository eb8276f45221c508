/** Whole sets distributed, changed and taken back through the operations engine, row for row; on real Citus too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toSetRequest } from '../../src-renderer/advisor/advisor-words';
import type { Design } from '../../src-main/contract/advisor';
import type { Database } from '../../src-main/connections/database';
import type { Operation, OperationRequest, PlanReply, RequestOf } from '../../src-main/contract/operations';
import { readAdvisorFacts } from '../../src-main/ipc/handlers/advisor';
import { planSql } from '../../src-main/operations/statements';
import { advise } from '../../src-main/plans/advisor/advise';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { fingerprint } from '../support/fingerprint';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

type SetTable = RequestOf<'distribute-set'>['tables'][number];

const named = (name: string): { schema: string; name: string } => ({ schema: 'public', name });
const distributed = (name: string, beside: string | null, column: string): SetTable => ({
  table: named(name),
  becomes: 'distributed',
  column,
  colocateWith: beside === null ? 'none' : named(beside),
  shardCount: beside === null ? 8 : null,
});

type Repairable = Extract<OperationRequest, { repairs?: string[] | undefined }>;

/** All that the sample data of a practice cluster holds; payments are an ordinary table there. */
const sample = [
  'agencies',
  'permit_types',
  'permits',
  'inspections',
  'audit_events',
  'holidays',
  'payments',
  'tenant_a.notes',
] as const;

for (const engine of await engines()) {
  describe(`changing tables (${engine.name})`, { timeout: 300_000 }, () => {
    let cluster: PracticeClusterForTest;
    let operated: OperatedCluster;
    let database: Database;
    let folder: string;

    beforeAll(async () => {
      cluster = await startPracticeCluster({ engine, workers: 2, sampleData: true });
      folder = await mkdtemp(join(tmpdir(), 'shardboard-changes-'));
      operated = await operate(cluster, folder);
      database = await cluster.connect();
    });
    afterAll(async () => {
      await operated?.end();
      await cluster?.end();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    const done = async (request: OperationRequest): Promise<Operation> => {
      const operation = await operated.carryOut(request);
      const failed = operation.steps.find((step) => step.state !== 'done');
      expect(`${operation.state} ${operation.attention ?? ''} ${failed?.title ?? ''}`.trim()).toBe('done');
      return operation;
    };
    /** Takes every repair that is offered into the request until it is planned. */
    const accepting = async <R extends Repairable>(
      request: R,
    ): Promise<{ request: R; seen: readonly string[] }> => {
      const repairs: string[] = [...(request.repairs ?? [])];
      const seen: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        const reply = await operated.plan({ ...request, repairs });
        if (reply.outcome === 'plan') return { request: { ...request, repairs }, seen };
        const fresh = reply.reasons.filter(
          (reason) => reason.repair !== undefined && !repairs.includes(reason.repair.id),
        );
        seen.push(...reply.reasons.map((reason) => reason.code));
        if (fresh.length === 0) throw new Error(`refused without a way out: ${codes(reply).join(', ')}`);
        repairs.push(...fresh.map((reason) => reason.repair?.id ?? ''));
      }
      throw new Error('no end of reasons');
    };
    const adviseFirst = async (): Promise<Design> => {
      const snapshot = await operated.snapshot();
      const facts = await readAdvisorFacts(database, snapshot, new AbortController().signal);
      const adviser = advise(facts, {
        adviceId: 'a',
        clusterId: snapshot.clusterId,
        takenAt: snapshot.takenAt,
        growth: 10_000,
        sql: planSql,
      });
      const [first] = adviser.advice.designs;
      const design = first && adviser.design(first.designId, []);
      if (!design) throw new Error('no design');
      return design;
    };
    const codes = (reply: PlanReply): readonly string[] =>
      reply.outcome === 'refusal' ? reply.reasons.map((reason) => reason.code) : [];
    const prints = async (): Promise<readonly string[]> => {
      const all: string[] = [];
      for (const table of sample) all.push(`${table} ${await fingerprint(database, table)}`);
      return all;
    };
    /** How permits are numbered; takes a number. */
    const numbering = async (): Promise<unknown> => {
      const [row] = await database.read<{ readonly isIdentity: boolean; readonly next: string }>({
        text: `SELECT attidentity <> '' AS "isIdentity", nextval(pg_get_serial_sequence('permits', 'permit_id'))::text AS next
                 FROM pg_attribute WHERE attrelid = 'permits'::regclass AND attname = 'permit_id'`,
      });
      return row;
    };
    let before: readonly string[] = [];

    it('takes the sample data back to plain PostgreSQL, identity and all', async () => {
      before = await prints();
      expect(
        codes(await operated.plan({ kind: 'undistribute-table', table: named('permits'), cascade: false })),
      ).toEqual(['foreign-keys', 'identity-column']);
      const { request, seen } = await accepting<RequestOf<'undistribute-table'>>({
        kind: 'undistribute-table',
        table: named('permits'),
        cascade: true,
      });
      expect(seen).toEqual(['identity-column']);
      await done(request);
      for (const name of ['agencies', 'audit_events', 'holidays'])
        await done({ kind: 'undistribute-table', table: named(name), cascade: false });
      await done({ kind: 'undistribute-schema', schema: 'tenant_a' });
      expect((await operated.snapshot()).tables).toEqual([]);
      expect(await prints()).toEqual(before);
      expect(await numbering()).toEqual({ isIdentity: true, next: '24001' });
      const left = await database.read<{ readonly result: string }>({
        text: `SELECT result FROM run_command_on_all_nodes(
                 $$SELECT count(*) FROM pg_class WHERE relname ~ '_numbers$|permit.*_seq$' AND relkind = 'S'$$)`,
      });
      expect(left.map(({ result }) => result).toSorted()).toEqual(['0', '0', '1']);
    });

    it('distributes it as the advisor says, in the order of its foreign keys', async () => {
      await database.change({ text: 'ANALYZE' });
      const design = await adviseFirst();
      expect(design.tables.map(({ name, becomes, column }) => [name, becomes, column]).toSorted()).toEqual([
        ['agencies', 'distributed', 'agency_id'],
        ['audit_events', 'distributed', 'agency_id'],
        ['holidays', 'local', null],
        ['inspections', 'distributed', 'agency_id'],
        ['notes', 'local', null],
        ['payments', 'distributed', 'agency_id'],
        ['permit_types', 'reference', null],
        ['permits', 'distributed', 'agency_id'],
      ]);
      const { request, seen } = await accepting(toSetRequest(design, []));
      expect(new Set(seen)).toEqual(new Set(['referenced-by-local', 'identity-column']));
      const operation = await done(request);
      expect(await prints()).toEqual(before);
      expect(await numbering()).toEqual({ isIdentity: false, next: '24001' });
      expect(operation.steps.some((step) => step.outcome?.includes('24000 rows before and after'))).toBe(
        true,
      );
      const keys = await database.read<{ readonly name: string }>({
        text: `SELECT conname::text AS name FROM pg_constraint
                WHERE conname IN ('permits_code_fk', 'inspections_permit_fk') AND contype = 'f' ORDER BY 1`,
      });
      expect(keys.map((key) => key.name)).toEqual(['inspections_permit_fk', 'permits_code_fk']);
    });

    it('changes the whole group to 16 shards', async () => {
      const { request, seen } = await accepting<RequestOf<'alter-table'>>({
        kind: 'alter-table',
        table: named('agencies'),
        column: null,
        shardCount: 16,
        cascade: true,
      });
      expect(seen).toEqual([]);
      await done(request);
      const tables = (await operated.snapshot()).tables;
      const counts = ['agencies', 'permits', 'inspections', 'audit_events', 'payments'].map(
        (name) => tables.find((one) => one.name === name)?.shardCount,
      );
      expect(counts).toEqual([16, 16, 16, 16, 16]);
      expect(await prints()).toEqual(before);
    });

    it('isolates the largest tenant and places it on the node it is not on', async () => {
      const snapshot = await operated.snapshot();
      const [at] = await database.read<{ readonly id: number }>({
        text: `SELECT n.nodeid AS id FROM pg_dist_placement p JOIN pg_dist_node n USING (groupid)
                WHERE p.shardid = get_shard_id_for_distribution_column('permits', 7)`,
      });
      const target = snapshot.nodes.find((node) => node.shouldHaveShards && node.nodeId !== at?.id);
      await done({
        kind: 'isolate-tenant',
        table: named('permits'),
        value: '7',
        nodeId: target?.nodeId ?? null,
        transferMode: engine.isEmulator ? 'block_writes' : 'auto',
      });
      const [now] = await database.read<{ readonly id: number; readonly alone: boolean }>({
        text: `SELECT n.nodeid AS id, s.shardminvalue = s.shardmaxvalue AS alone
                 FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid) JOIN pg_dist_node n USING (groupid)
                WHERE s.shardid = get_shard_id_for_distribution_column('permits', 7)`,
      });
      expect(now).toEqual({ id: target?.nodeId, alone: true });
      expect(await prints()).toEqual(before);
    });

    it('takes everything back, with every table that foreign keys tie together', async () => {
      expect(
        codes(await operated.plan({ kind: 'undistribute-table', table: named('permits'), cascade: false })),
      ).toEqual(['foreign-keys']);
      for (const name of ['permits', 'agencies', 'audit_events', 'payments']) {
        await done({ kind: 'undistribute-table', table: named(name), cascade: true });
      }
      expect((await operated.snapshot()).tables.filter((one) => one.schema === 'public')).toEqual([]);
      expect(await prints()).toEqual(before);
    });

    it('carries out every kind of repair as a step of the plan', async () => {
      await database.change({
        text: `CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
               CREATE TABLE places (place_id int PRIMARY KEY, tenant int NOT NULL, code text, span int4range,
                 twice int GENERATED ALWAYS AS (tenant * 2) STORED, EXCLUDE USING gist (span WITH &&));
               CREATE UNIQUE INDEX places_code ON places (code) WHERE code IS NOT NULL;
               CREATE TABLE notes (note_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, tenant bigint NOT NULL,
                 place_id int REFERENCES places ON DELETE CASCADE, body text);
               CREATE TRIGGER notes_before BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION keep_row();
               INSERT INTO places (place_id, tenant, code, span) SELECT i, i % 9, 'c' || i, int4range(i, i + 1) FROM generate_series(1, 300) i;
               INSERT INTO notes (tenant, place_id, body) SELECT place_id % 9, place_id, 'n' FROM places`,
      });
      const rows = await fingerprint(database, 'places');
      const { request, seen } = await accepting({
        kind: 'distribute-set',
        tables: [distributed('places', null, 'twice'), distributed('notes', 'places', 'tenant')],
        concurrently: false,
        repairs: ['identity public.notes'],
      });
      expect(new Set(seen)).toEqual(
        new Set([
          'uniqueness-without-column',
          'generated-column',
          'colocate-type',
          'triggers',
          'foreign-key-not-colocated',
        ]),
      );
      const plan = await operated.planned(request);
      expect(new Set(plan.steps.map((step) => step.action.type))).toEqual(
        new Set([
          'drop-constraint',
          'create-extension',
          'drop-trigger',
          'drop-expression',
          'change-column-type',
          'identity-to-sequence',
          'replace-constraint',
          'replace-index',
          'distribute-table',
          'add-constraint',
          'truncate-local-data',
        ]),
      );
      expect(plan.findings.map((finding) => finding.code)).toContain('keys-widened');
      await database.change({ text: 'UPDATE notes SET tenant = tenant * 2' });
      const again = await accepting(request);
      await done(again.request);
      expect(await fingerprint(database, 'places')).toBe(rows);
      const [joined] = await database.read<{ readonly rows: string }>({
        text: 'SELECT count(*)::text AS rows FROM notes n JOIN places p ON p.twice = n.tenant AND p.place_id = n.place_id',
      });
      expect(joined?.rows).toBe('300');
      await database.change({ text: `INSERT INTO notes (tenant, place_id) VALUES (2, 1)` });
      const [last] = await database.read<{ readonly id: string }>({
        text: 'SELECT max(note_id)::text AS id FROM notes',
      });
      expect(last?.id).toBe('301');
    });
  });
}
