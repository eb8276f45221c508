/** The distribution advisor: reads the schema and its evidence, keeps what was advised, answers questions about it. */
import { randomUUID } from 'node:crypto';
import { readAgreement, readObservedStatements, readSample } from '../../citus/advisor-evidence';
import { readAdvisorTables } from '../../citus/advisor-reads';
import { readServerFacts } from '../../citus/capabilities';
import { readDistributionSettings } from '../../citus/table-facts';
import type { Reader } from '../../connections/database';
import type { ClusterSnapshot } from '../../contract/cluster';
import { FailureError } from '../../contract/failure';
import type { PlannerThread } from '../../planning/planner-thread';
import type { AdvisorFacts, ColumnAgreement, ColumnSample } from '../../contract/advisor-facts';
import { agreementsWanted, samplesWanted } from '../../plans/advisor/looks';
import { shardNodes } from '../../plans/plan';
import type { Handlers } from '../serve';

type AdvisorHandlers = Pick<Handlers, Extract<keyof Handlers, `advisor.${string}`>>;

export interface AdvisorParts {
  /** A session beside the one that watches the cluster: reading a large schema may take seconds. */
  readonly aside: (clusterId: string) => Promise<Reader>;
  readonly snapshot: (clusterId: string, signal: AbortSignal) => Promise<ClusterSnapshot>;
  readonly startThread: () => PlannerThread;
}

/** Answers that are kept, over all clusters, each by a thread of its own: a person looks at one or two. */
const keptAdvice = 2;

export function advisorHandlers({ aside, snapshot, startThread }: AdvisorParts): AdvisorHandlers {
  const kept = new Map<string, { readonly clusterId: string; readonly thread: PlannerThread }>();
  const threadOf = (clusterId: string, adviceId: string): PlannerThread => {
    const one = kept.get(adviceId);
    if (one?.clusterId === clusterId && !one.thread.isEnded()) return one.thread;
    throw new FailureError({
      kind: 'not-found',
      message: 'This advice is no longer kept.',
      meaning: 'Newer advice took its place, or the app was started again.',
      remedy: 'Advise again; the schema is read anew.',
    });
  };
  const found = <T>(answer: T | null): T => {
    if (answer !== null) return answer;
    throw new FailureError({
      kind: 'not-found',
      message: 'There is no such design or table in this advice.',
    });
  };

  return {
    'advisor.advise': async ({ clusterId, growth }, signal) => {
      const facts = await readAdvisorFacts(await aside(clusterId), await snapshot(clusterId, signal), signal);
      const thread = startThread();
      const adviceId = randomUUID();
      try {
        const takenAt = new Date().toISOString();
        const asked = { facts, adviceId, clusterId, takenAt, growth };
        const advice = await thread.ask('advisor.advise', asked, signal);
        kept.set(adviceId, { clusterId, thread });
        return advice;
      } finally {
        if (!kept.has(adviceId)) thread.end();
        for (const [oldest, one] of kept) {
          if (kept.size <= keptAdvice) break;
          kept.delete(oldest);
          one.thread.end();
        }
      }
    },
    // A thread that holds advice outlives the calls that somebody gives up.
    'advisor.design': async ({ clusterId, adviceId, ...asked }) =>
      found(await threadOf(clusterId, adviceId).ask('advisor.design', asked)),
    'advisor.table': async ({ clusterId, adviceId, ...asked }) =>
      found(await threadOf(clusterId, adviceId).ask('advisor.table', asked)),
    'advisor.text': async ({ clusterId, adviceId, ...asked }) =>
      found(await threadOf(clusterId, adviceId).ask('advisor.text', asked)),
  };
}

/** Longest for one reading of the catalogs; a schema of thousands of tables takes about a second. */
const schemaTimeoutMs = 30_000;

export async function readAdvisorFacts(
  reader: Reader,
  snapshot: ClusterSnapshot,
  signal: AbortSignal,
): Promise<AdvisorFacts> {
  const options = { signal, timeoutMs: schemaTimeoutMs };
  const { catalog, capabilities } = await readServerFacts(reader, options);
  const tables = await readAdvisorTables(reader, catalog, options);
  const settings = await readDistributionSettings(reader, options);
  const observed = await readObservedStatements(reader, signal);
  const { samples, missed } = await readSamples(reader, tables, signal);
  const agreements = await readAgreements(reader, tables, signal);
  const unseen = tables.filter(
    (table) => table.citus === null && table.columns.every(({ statistics }) => statistics === null),
  ).length;
  return {
    tables,
    statements: observed.statements,
    statementsMissing: observed.missing,
    samples,
    agreements,
    workers: shardNodes(snapshot).length,
    shardCountSetting: settings.shardCount,
    allowsTriggers: settings.enableUnsafeTriggers,
    canShardSchemas: capabilities.schemaSharding,
    hasCoordinator: snapshot.nodes.some(({ groupId }) => groupId === 0),
    gaps: [
      ...(observed.gap === null ? [] : [observed.gap]),
      ...(unseen > 0
        ? [
            `${unseen} ${unseen === 1 ? 'table has' : 'tables have'} no statistics that this role can see: ANALYZE them, or connect as their owner.`,
          ]
        : []),
      ...(missed > 0
        ? [
            `Rows of ${missed} ${missed === 1 ? 'table' : 'tables'} could not be looked at in the time allowed.`,
          ]
        : []),
    ],
  };
}

async function readSamples(
  reader: Reader,
  tables: AdvisorFacts['tables'],
  signal: AbortSignal,
): Promise<{ readonly samples: readonly ColumnSample[]; readonly missed: number }> {
  const samples: ColumnSample[] = [];
  let missed = 0;
  for (const { table, columns } of samplesWanted(tables)) {
    const sample = await readSample(reader, table, columns, table.rows, signal);
    if (!sample) missed += 1;
    for (const { column, values } of sample?.columns ?? []) {
      samples.push({
        table: { schema: table.schema, name: table.name },
        column,
        rows: sample?.rows ?? 0,
        values,
      });
    }
  }
  return { samples, missed };
}

async function readAgreements(
  reader: Reader,
  tables: AdvisorFacts['tables'],
  signal: AbortSignal,
): Promise<readonly ColumnAgreement[]> {
  const found: ColumnAgreement[] = [];
  for (const wanted of agreementsWanted(tables)) {
    const asked = { ...wanted, rowEstimate: wanted.table.rows };
    const answer = await readAgreement(reader, asked, signal);
    if (!answer || answer.rows === 0) continue;
    wanted.columns.forEach(([column, parentColumn], index) =>
      found.push({
        table: { schema: wanted.table.schema, name: wanted.table.name },
        foreignKey: wanted.foreignKey,
        column,
        parentColumn,
        rows: answer.rows,
        differs: (answer.differing[index] ?? 1) > 0,
      }),
    );
  }
  return found;
}
