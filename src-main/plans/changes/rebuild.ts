/**
 * What undistribute_table, alter_distributed_table and alter_table_set_access_method have in common: Citus makes a new
 * table, copies the rows, drops the old one with CASCADE and gives the new one its name.
 * Source: commands/alter_table.c of Citus 13.2.2, and what a real 13.2.2 did.
 */
import type { Finding } from '../../contract/operations';
import { identityReasons } from '../identity-columns';
import type { IdentityFate } from '../identity-columns';
import type { Reason } from '../mend';
import { repairId } from '../mend';
import { activePrimaries, addressOf, counted, listed, readable, sizeWords } from '../plan';
import type { PlanContext } from '../plan';
import { refuseOffCoordinator, refuseWhileJobRuns, refuseWhileNodesAreDown } from '../preconditions';
import type { TableFacts } from '../../contract/table-facts';
import { knownTable } from './change-facts';
import type { ChangeFacts } from './change-facts';

/** Above this, counting rows twice would cost more than it tells. */
const countableBytes = 20 * 1024 ** 3;

export function clusterReasons(
  facts: Pick<ChangeFacts, 'snapshot' | 'answers'>,
  what: string,
): readonly Reason[] {
  return [
    ...refuseOffCoordinator(facts.snapshot),
    ...refuseWhileJobRuns(facts.snapshot, `${what} would change what it works on.`),
    ...refuseWhileNodesAreDown(
      facts.snapshot,
      facts.answers,
      `${what} reaches every node that holds a part.`,
    ),
  ];
}

/** Reasons against dropping the old table: what would go with it, or stands against a copy. */
export function rebuildReasons(
  tables: readonly TableFacts[],
  fate: IdentityFate,
  context: PlanContext,
): readonly Reason[] {
  return tables.flatMap((table) => [...identityReasons(table, fate), ...tableReasons(table, context)]);
}

function tableReasons(table: TableFacts, context: PlanContext): readonly Reason[] {
  const { sql } = context;
  const name = readable(table);
  const reasons: Reason[] = [];
  const functions = table.dependents.filter((one) => one.kind === 'function');
  if (functions.length > 0) {
    reasons.push({
      code: 'dependent-functions',
      message: `${counted(functions.length, 'function')} ${functions.length === 1 ? 'depends' : 'depend'} on ${name} (${listed(functions.map((one) => one.name))}) and would be dropped with the old table, without a word: Citus makes views again, functions not.`,
      fix: 'Keep their definitions, drop them, and create them again afterwards.',
      fixSql: functions
        .map(
          (one) =>
            `SELECT pg_get_functiondef(${sql.literal(one.name)}::regprocedure);\nDROP FUNCTION ${one.name};`,
        )
        .join('\n'),
    });
  }
  if (table.parent) {
    reasons.push({
      code: 'is-partition',
      message: `${name} is a partition of ${readable(table.parent)}.`,
      fix: `Change ${readable(table.parent)}; its partitions change with it.`,
    });
  }
  if (table.kind === 'foreign') {
    reasons.push({
      code: 'foreign-table',
      message: `${name} is a foreign table; Citus does not copy its rows.`,
      fix: 'Drop it and create it anew where it shall be.',
    });
  }
  if (!table.actsAsOwner) {
    reasons.push({
      code: 'not-owner',
      message: `${name} belongs to ${table.owner}; this session's role may not change it.`,
      fix: `Connect as ${table.owner} or as a superuser.`,
    });
  }
  return reasons;
}

/** Citus issue 5137. Refused everywhere; where the server has the mend, a person may go on. */
export function droppedColumnReasons(facts: ChangeFacts, tables: readonly TableFacts[]): readonly Reason[] {
  return tables
    .filter((table) => table.droppedColumns > 0)
    .map((table) => {
      const name = readable(table);
      const gap = `${name} has ${counted(table.droppedColumns, 'dropped column')}. Citus before 11.1.3 then takes the column next to it for the distribution column, or fails (issue 5137).`;
      return facts.altersByColumnName
        ? {
            code: 'dropped-column',
            message: gap,
            fix: `This server is ${facts.snapshot.versions.citus} and has the mend: it goes by the name. The step counts as done only when the distribution column is the one wanted.`,
            repair: { id: repairId('dropped-column', table), title: 'Go on with dropped columns' },
            mend: [],
          }
        : {
            code: 'dropped-column',
            message: gap,
            fix: 'Update Citus to 11.2 or later first, or copy the rows to a new table that has no gap.',
          };
    });
}

/** Reasons that a person has not accepted. */
export function unaccepted(
  reasons: readonly Reason[],
  accepted: readonly string[] | undefined,
): readonly Reason[] {
  return reasons.filter(
    (reason) => reason.repair === undefined || !(accepted ?? []).includes(reason.repair.id),
  );
}

export function rebuildFindings(tables: readonly TableFacts[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const table of tables) {
    const views = table.dependents.filter((one) => one.kind !== 'function');
    if (views.length === 0) continue;
    findings.push({
      level: 'mind',
      code: 'views',
      message: `${listed(views.map((one) => one.name))} ${views.length === 1 ? 'hangs' : 'hang'} on ${readable(table)}: dropped with it and made again with the same definition and owner. Rights granted on ${views.length === 1 ? 'it' : 'them'} are lost.`,
      remedy: views.some((one) => one.kind === 'materialized-view')
        ? 'Grant them again afterwards. A materialized view above citus.max_matview_size_to_auto_recreate makes the step fail.'
        : 'Grant them again afterwards.',
    });
  }
  findings.push(
    comparable(tables).length === tables.length
      ? { level: 'fine', code: 'compared', message: 'Rows are counted before and after, and compared.' }
      : {
          level: 'mind',
          code: 'not-compared',
          message: `${sizeWords(bytesOf(tables))} are too much to count twice; rows are not compared.`,
        },
  );
  return findings;
}

/** Tables whose rows are counted before and after: all of them, or none where that would take too long. */
export function comparable(tables: readonly TableFacts[]): readonly TableFacts[] {
  return bytesOf(tables) <= countableBytes ? tables : [];
}

export function bytesOf(tables: readonly TableFacts[]): number {
  return tables.reduce((sum, table) => sum + table.totalBytes, 0);
}

export function copyMs(tables: readonly TableFacts[], shards: number): readonly [number, number] {
  const bytes = bytesOf(tables);
  return [
    500 * tables.length + shards * 5 + bytes / 60_000,
    5_000 * tables.length + shards * 60 + bytes / 6_000,
  ];
}

/** The rows are there twice until the old table is dropped at the end of the transaction. */
export function coordinatorDiskReasons(
  facts: Pick<ChangeFacts, 'disk'>,
  tables: readonly TableFacts[],
): readonly Reason[] {
  const free = facts.disk.coordinator;
  const needed = bytesOf(tables);
  if (free === null || free > needed * 1.1) return [];
  return [
    {
      code: 'disk-space',
      message: `The coordinator has ${sizeWords(free)} free; ${listed(tables.map(readable))} ${tables.length === 1 ? 'takes' : 'take'} ${sizeWords(needed)} there.`,
      fix: 'Make room on the coordinator first.',
    },
  ];
}

/** Each node holds its share of the rows twice until the old tables are dropped. */
export function nodeDiskReasons(facts: ChangeFacts, tables: readonly TableFacts[]): readonly Reason[] {
  const takers = activePrimaries(facts.snapshot).filter((node) => node.shouldHaveShards);
  const share = bytesOf(tables) / Math.max(1, takers.length);
  return takers.flatMap((node) => {
    const free = facts.disk.byNode[node.nodeId];
    if (free === undefined || free > share * 1.1) return [];
    return [
      {
        code: 'disk-space',
        message: `${addressOf(node)} has ${sizeWords(free)} free; its share of the copied rows is about ${sizeWords(share)}.`,
        fix: 'Make room there first, or add a node.',
      },
    ];
  });
}

/** Null where it is a table that Citus distributes by hash. */
export function notHashReason(facts: ChangeFacts, table: TableFacts, context: PlanContext): Reason | null {
  const known = knownTable(facts, table);
  const name = readable(table);
  if (!known) {
    return {
      code: 'not-distributed',
      message: `${name} is not distributed.`,
      fix: 'Distribute it first.',
    };
  }
  if (known.type === 'schema') {
    return {
      code: 'schema-table',
      message: `${name} belongs to the distributed schema ${table.schema}; its tables change together with the schema alone.`,
      fix: `Undistribute the schema ${table.schema}, or move it as a whole.`,
      fixSql: `SELECT citus_schema_undistribute(${context.sql.literal(context.sql.identifier(table.schema))});`,
    };
  }
  if (known.type !== 'distributed' || known.method !== 'hash') {
    return {
      code: 'not-hash',
      message: `${name} is a ${known.type === 'distributed' ? `table distributed by ${known.method}` : `${known.type} table`}; only a table distributed by hash can be changed so.`,
      fix: 'Convert it to a table distributed by hash first.',
    };
  }
  return null;
}

export function noTableReason(name: { readonly schema: string; readonly name: string }): Reason {
  return {
    code: 'no-table',
    message: `There is no table ${readable(name)} on the coordinator.`,
    fix: 'Check the name and its schema; names are case-sensitive here.',
  };
}
