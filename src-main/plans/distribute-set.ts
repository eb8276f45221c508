/** Distributing a whole set of tables in the order of their foreign keys, with what is in the way mended as steps of the plan. */
import type { PlanReply, RequestOf } from '../contract/operations';
import type { RepairAction } from '../contract/repairs';
import type { SetTable } from '../contract/table-changes';
import type { TableFacts } from '../contract/table-facts';
import { schemaStep } from './changes/schema';
import { findingsOf } from './distribute-findings';
import {
  clusterRefusals,
  comparesRows,
  definitionWords,
  distributeStep,
  shardCountOf,
  truncateStep,
} from './distribute-one';
import { noTable } from './distribute-table';
import { identityRepair, identityRepairId } from './identity-columns';
import { afterRepair, inOrder } from './mend';
import type { Reason } from './mend';
import { listed, planReply, readable, refusalReply, sameTable } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { jobWords, nodesWords, refuseOffCoordinator } from './preconditions';
import { repairStep } from './repair-steps';
import { restoredKeys } from './restored-keys';
import { preparationFindings, prepareColumns } from './set-columns';
import { courseOf } from './set-course';
import type { Course, SetFacts } from './set-course';
import { parentTablesFirst } from './set-order';
import { membersOf, schemaDetails } from './set-schemas';
import { detailsOf, keyFindings, lostKeyFindings, summaryOf, titleOf } from './set-words';

type Request = RequestOf<'distribute-set'>;

/** Repairs can uncover other obstacles; each round takes at least one more of those accepted. */
const mostRounds = 200;

export function planDistributeSet(facts: SetFacts, request: Request, context: PlanContext): PlanReply {
  const items = request.tables.filter((item) => item.becomes !== 'skip');
  const title = titleOf(items, facts.schemas);
  const columns = prepareColumns(facts, items, context);
  const cluster = [...refuseOffCoordinator(facts.snapshot), ...setRefusals(items, facts), ...columns.reasons];
  const accepted = new Set(request.repairs ?? []);
  const before: RepairAction[] = [...columns.actions, ...keysThatLeave(request)];
  let tables = withIdentitiesMended(facts.tables, accepted, before);
  let course = courseOf(facts, tables, items, request, context);
  for (let round = 0; round < mostRounds; round += 1) {
    const mends = course.reasons
      .filter((reason) => reason.repair !== undefined && accepted.has(reason.repair.id))
      .flatMap((reason) => reason.mend ?? []);
    if (mends.length === 0) break;
    before.push(...mends);
    tables = mends.reduce(afterRepair, tables);
    course = courseOf(facts, tables, items, request, context);
  }
  const reasons = [...cluster, ...unique(course.reasons), ...clusterRefusals(facts)];
  if (reasons.length > 0) return refusalReply(title, reasons);
  return planned(facts, course, inOrder(before), title, request, context);
}

/** The constraint that the request gives up; it does not come back. */
function keysThatLeave(request: Request): readonly RepairAction[] {
  return (request.lostKeys ?? []).map(({ table, constraint }) => ({
    type: 'drop-constraint',
    schema: table.schema,
    name: table.name,
    constraint,
  }));
}

function setRefusals(items: readonly SetTable[], facts: SetFacts): readonly Reason[] {
  const reasons: Reason[] = [];
  if (items.length === 0 && facts.schemas.length === 0) {
    reasons.push({
      code: 'empty-set',
      message: 'Every table of the set is left as it is.',
      fix: 'Choose what at least one of them shall become.',
    });
  }
  for (const item of items) {
    if (!facts.tables.some((table) => sameTable(table, item.table))) reasons.push(noTable(item.table));
    if (item.becomes === 'distributed' && item.column === null) {
      reasons.push({
        code: 'no-column',
        message: `${readable(item.table)} has no distribution column yet.`,
        fix: 'Choose one of its columns.',
      });
    }
  }
  const twice = items.filter(
    (item, index) => items.findIndex((other) => sameTable(other.table, item.table)) !== index,
  );
  for (const item of twice) {
    reasons.push({
      code: 'named-twice',
      message: `${readable(item.table)} is in the set twice.`,
      fix: 'Leave it in once.',
    });
  }
  return reasons;
}

/** An identity column stands against nothing now, and against every change later: mended where a person wants it. */
function withIdentitiesMended(
  tables: readonly TableFacts[],
  accepted: ReadonlySet<string>,
  actions: RepairAction[],
): readonly TableFacts[] {
  for (const table of tables) {
    if (accepted.has(identityRepairId(table))) actions.push(...identityRepair(table));
  }
  return actions.reduce(afterRepair, tables);
}

function planned(
  facts: SetFacts,
  course: Course,
  before: readonly RepairAction[],
  title: string,
  request: Request,
  context: PlanContext,
): PlanReply {
  const bytesOf = (action: RepairAction): number =>
    action.type === 'create-extension'
      ? 0
      : (facts.tables.find((table) => sameTable(table, action))?.totalBytes ?? 0);
  const leaving = new Set(keysThatLeave(request).map((action) => JSON.stringify(action)));
  const keys = restoredKeys(
    before.filter((action) => !leaving.has(JSON.stringify(action))),
    facts.tables,
    course.world,
    context,
  );
  const end = { snapshot: course.world };
  const steps: readonly StepDraft[] = [
    ...before.map((action, index) => repairStep(`prepare-${index + 1}`, action, bytesOf(action), context)),
    ...course.foreseen.map((one, index) =>
      distributeStep(`distribute-${index + 1}`, one.table, one.request, one.choice, context),
    ),
    ...facts.schemas.map((schema, index) =>
      schemaStep(`schema-${index + 1}`, schema.name, membersOf(schema, facts.tables), context),
    ),
    ...keys.added.map((action, index) =>
      repairStep(`restore-${index + 1}`, action, bytesOf(action), context),
    ),
    // Children before their parents, once every key lies where it belongs.
    ...[
      ...course.foreseen.filter(({ item }) => item.becomes !== 'local').map(({ table }) => table),
      ...facts.schemas.flatMap((schema) => parentTablesFirst(membersOf(schema, facts.tables))),
    ]
      .toReversed()
      .flatMap((table, index) => truncateStep(`truncate-${index + 1}`, end, table, context) ?? []),
  ];
  const distributed = course.foreseen.filter((one) => one.item.becomes === 'distributed');
  return planReply(context, request, {
    title,
    summary: summaryOf(course.foreseen, facts.schemas),
    steps,
    findings: [
      ...course.foreseen.flatMap((one) =>
        findingsOf(one.table, one.request, comparesRows(one.table, one.request), {
          ...one.facts,
          snapshot: course.world,
        }),
      ),
      ...preparationFindings(before, facts.orphans),
      ...lostKeyFindings(request, keys),
      ...keyFindings(before, keys, distributed.length + facts.schemas.length),
    ],
    details: {
      kind: 'distribute-set',
      tables: [
        ...course.foreseen.map(detailsOf),
        ...facts.schemas.map((schema) => schemaDetails(schema, membersOf(schema, facts.tables))),
      ],
    },
    basis: {
      Nodes: nodesWords(facts.snapshot),
      'Running jobs': jobWords(facts.snapshot),
      ...Object.fromEntries(
        facts.tables.map((table) => [`Definition of ${readable(table)}`, definitionWords(table)]),
      ),
      Shards: listed(
        course.foreseen.map((one) => `${readable(one.table)} ${shardCountOf(one.choice)}`),
        Number.MAX_SAFE_INTEGER,
      ),
    },
  });
}

/** The same obstacle seen from two tables is told once. */
function unique(reasons: readonly Reason[]): readonly Reason[] {
  return [
    ...new Map(
      reasons.map((reason) => [reason.repair?.id ?? `${reason.code} ${reason.message}`, reason]),
    ).values(),
  ];
}
