import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readConstraint } from '../../src-main/citus/change-reads';
import { readSnapshot } from '../../src-main/citus/snapshot';
import type { Design } from '../../src-main/contract/advisor';
import type { Database } from '../../src-main/connections/database';
import { identifier, qualified, shownStatement } from '../../src-main/connections/database';
import { readAdvisorFacts } from '../../src-main/ipc/handlers/advisor';
import { advise } from '../../src-main/plans/advisor/advise';
import type { Adviser } from '../../src-main/plans/advisor/advise';
import { scriptParts } from '../../src-main/plans/advisor/script';
import { toSetRequest } from '../../src-renderer/advisor/advisor-words';
import { advisedSchema, createSql, dropSql } from '../support/advised-schema';
import { operate } from '../support/operated-cluster';
import type { OperatedCluster } from '../support/operated-cluster';
import { engines, startPracticeCluster } from '../support/practice';
import type { PracticeClusterForTest } from '../support/practice';

const growth = 1_000;

describe.each(await engines())('the distribution advisor on $name', (engine) => {
  let cluster: PracticeClusterForTest;
  let database: Database;
  let operated: OperatedCluster;
  let folder: string;
  const run = async (text: string): Promise<void> =>
    void (await database.change({ text }, { timeoutMs: 60_000 }));

  beforeAll(async () => {
    cluster = await startPracticeCluster({ engine, workers: 2 });
    database = await cluster.connect();
    folder = await mkdtemp(join(tmpdir(), 'shardboard-advisor-'));
    operated = await operate(cluster, folder);
  });
  afterAll(async () => {
    await operated?.end();
    await cluster?.end();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const adviseNow = async (): Promise<Adviser> => {
    const snapshot = {
      ...(await readSnapshot(database)),
      clusterId: 'c',
      revision: 1,
      takenAt: '2026-01-01T00:00:00Z',
    };
    const facts = await readAdvisorFacts(database, snapshot, new AbortController().signal);
    return advise(facts, {
      adviceId: 'a',
      clusterId: 'c',
      takenAt: snapshot.takenAt,
      growth,
      sql: {
        identifier,
        qualified,
        literal: (text) => shownStatement({ text: '$1', values: [text] }).shown,
      },
    });
  };
  const countRows = async (
    tables: readonly { schema: string; name: string }[],
  ): Promise<readonly string[]> => {
    const counts: string[] = [];
    for (const table of tables) {
      const [row] = await database.read<{ n: string }>({
        text: `SELECT count(*)::text AS n FROM ${qualified(table)}`,
      });
      counts.push(`${table.name} ${row?.n ?? ''}`);
    }
    return counts;
  };

  const isSchema = (design: { readonly kind: string }): boolean => design.kind === 'schemas';
  /** As a person who runs the script that is saved. */
  const runScript = async (adviser: Adviser, design: Design): Promise<void> => {
    const evaluated = adviser.evaluated(design.designId, []);
    if (!evaluated) throw new Error('the design is not there');
    for (const part of scriptParts(adviser.advising, evaluated)) {
      for (const statement of part.statements) {
        await run(statement).catch((error: unknown) => {
          throw new Error(`${design.title}, ${part.title}: ${statement}`, { cause: error });
        });
      }
    }
  };
  /** As a person who reviews the design and starts it: what must change first is taken into the plan. */
  const operateOn = async (design: Design): Promise<void> => {
    const repairs = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const reply = await operated.plan(toSetRequest(design, [...repairs]));
      if (reply.outcome === 'plan') {
        const operation = await operated.settled(await operated.start(reply.plan));
        const stopped = operation.steps.find((step) => step.state !== 'done');
        const why = stopped ? `${stopped.title}: ${stopped.failure?.message ?? stopped.outcome ?? ''}` : '';
        expect(`${design.title}: ${operation.state} ${why}`.trim()).toBe(`${design.title}: done`);
        return;
      }
      const offered = reply.reasons.map(({ repair }) => (repair && !repair.table ? repair.id : null));
      expect(
        reply.reasons.filter((_, at) => offered[at] === null).map(({ code, message }) => [code, message]),
        `what the plan of ${design.title} cannot mend`,
      ).toEqual([]);
      for (const id of offered) if (id !== null) repairs.add(id);
    }
    throw new Error(`${design.title}: no end of reasons`);
  };
  const asDesigned = async (design: Design): Promise<void> => {
    const { tables } = await readSnapshot(database);
    for (const table of design.tables.filter(({ becomes }) => becomes !== 'local')) {
      const now = tables.find(({ schema, name }) => schema === table.schema && name === table.name);
      expect([table.name, now?.type, now?.distributionColumn ?? null]).toEqual([
        table.name,
        table.becomes,
        table.column,
      ]);
      const beside = tables.find(
        ({ name, schema }) => name === table.colocateWith?.name && schema === table.colocateWith.schema,
      );
      if (table.colocateWith) expect(now?.colocationId).toBe(beside?.colocationId);
    }
    for (const key of design.foreignKeys.filter(({ fate }) => fate !== 'lost')) {
      const found = await readConstraint(database, key.from, key.name);
      expect([key.name, found?.found]).toEqual([key.name, true]);
    }
  };

  it('proposes what can be carried out, whatever the schema, by its script and by the operation: no row is lost', async () => {
    await fc.assert(
      fc.asyncProperty(
        advisedSchema,
        fc.nat(3),
        fc.constantFrom('operation' as const, 'operation' as const, 'script' as const),
        async (schema, choice, way) => {
          try {
            for (const statement of createSql(schema)) await run(statement);
            const adviser = await adviseNow();
            const designs = adviser.advice.designs.filter(({ kind }) => kind !== 'local');
            fc.pre(designs.length > 0);
            const bySchema = choice === 0 ? designs.find(isSchema) : undefined;
            const chosen = bySchema ?? designs[choice % designs.length];
            const design = chosen ? adviser.design(chosen.designId, []) : null;
            if (!design) throw new Error('the design is not there');
            const before = await countRows(design.tables);
            await (way === 'script' ? runScript(adviser, design) : operateOn(design));
            expect(await countRows(design.tables)).toEqual(before);
            await asDesigned(design);
          } finally {
            for (const statement of dropSql) await run(statement);
          }
        },
      ),
      { numRuns: Number(process.env['ADVISOR_RUNS'] ?? 5), endOnFailure: true },
    );
  }, 600_000);
});
