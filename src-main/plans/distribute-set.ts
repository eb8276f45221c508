/** Distributing a whole set of tables in the order of their foreign keys, with what is in the way mended as steps of the plan. */
import type { ClusterSnapshot } from '../contract/cluster';
import type { Finding, PlanReply, RequestOf } from '../contract/operations';
import type { RepairAction, SetTable, SetTableDetails } from '../contract/table-changes';
import { findingsOf } from './distribute-findings';
import {
  clusterRefusals,
  colocationFor,
  comparesRows,
  definitionWords,
  distributeStep,
  shardCountOf,
  tableRefusals,
  truncateStep,
} from './distribute-one';
import { noTable } from './distribute-table';
import { droppingKey } from './foreign-key-refusals';
import { identityRepair, identityRepairId } from './identity-columns';
import { afterRepair, inOrder, repairStep } from './mend';
import type { Reason } from './mend';
import { counted, listed, planReply, readable, refusalReply, sameTable, sizeWords } from './plan';
import type { PlanContext, StepDraft } from './plan';
import { placementOf } from './placement';
import type { ColocationChoice } from './placement';
import { afterDistributing } from './planned-world';
import { jobWords, nodesWords, refuseOffCoordinator } from './preconditions';
import { restoredKeys } from './restored-keys';
import { inSetOrder } from './set-order';
import type { Member } from './set-order';
import type { TableFacts } from '../contract/table-facts';
import type { DistributeFacts } from './distribute-facts';

type Request = RequestOf<'distribute-set'>;
type One = RequestOf<'distribute-table'>;

export interface SetFacts extends Pick<DistributeFacts, 'snapshot' | 'settings' | 'answers'> {
  /** Of the tables named that exist. */
  readonly tables: readonly TableFacts[];
  /** Whether the column chosen for a table holds NULL, by `schema.name` of the table. */
  readonly nulls: Readonly<Record<string, boolean | 'unknown'>>;
}

/** What one member would become, seen from the cluster as the members before it leave it. */
interface Foreseen extends Member {
  readonly request: One;
  readonly facts: DistributeFacts;
  readonly choice: ColocationChoice | null;
}

interface Course {
  readonly foreseen: readonly Foreseen[];
  readonly reasons: readonly Reason[];
  /** After the last member. */
  readonly world: ClusterSnapshot;
}

/** Repairs can uncover other obstacles; each round takes at least one more of those accepted. */
const mostRounds = 200;

export function planDistributeSet(facts: SetFacts, request: Request, context: PlanContext): PlanReply {
  const items = request.tables.filter((item) => item.becomes !== 'skip');
  const title = titleOf(items);
  const cluster = [...refuseOffCoordinator(facts.snapshot), ...setRefusals(items, facts)];
  const accepted = new Set(request.repairs ?? []);
  const before: RepairAction[] = [];
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

function titleOf(items: readonly SetTable[]): string {
  const only = items.length === 1 ? items[0] : undefined;
  return only ? `Distribute ${readable(only.table)}` : `Distribute ${counted(items.length, 'table')}`;
}

function setRefusals(items: readonly SetTable[], facts: SetFacts): readonly Reason[] {
  const reasons: Reason[] = [];
  if (items.length === 0) {
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

function courseOf(
  facts: SetFacts,
  tables: readonly TableFacts[],
  items: readonly SetTable[],
  request: Request,
  context: PlanContext,
): Course {
  const members = items.flatMap((item): readonly Member[] => {
    const table = tables.find((one) => sameTable(one, item.table));
    return table && !(item.becomes === 'distributed' && item.column === null) ? [{ item, table }] : [];
  });
  const order = inSetOrder(members);
  const reasons: Reason[] = order.ring.flatMap((member) => ringReasons(member, order.ring));
  const foreseen: Foreseen[] = [];
  let world = facts.snapshot;
  for (const member of order.members) {
    const one = toRequest(member.item, request.concurrently);
    const memberFacts: DistributeFacts = {
      ...facts,
      snapshot: world,
      table: member.table,
      columnHasNull: facts.nulls[`${member.table.schema}.${member.table.name}`] ?? 'unknown',
    };
    const found = tableRefusals(memberFacts, member.table, one, context);
    // A ring is told once, as a ring.
    reasons.push(...(order.ring.includes(member) ? [] : found));
    const choice = colocationFor(memberFacts, member.table, one);
    foreseen.push({ ...member, request: one, facts: memberFacts, choice });
    world = afterDistributing(world, member.table, one.as, choice);
  }
  return { foreseen, reasons, world };
}

function ringReasons(member: Member, ring: readonly Member[]): readonly Reason[] {
  return member.table.foreignKeys
    .filter((key) => !sameTable(key.references, member.table))
    .filter((key) => ring.some((other) => sameTable(other.table, key.references)))
    .map((key) => ({
      code: 'foreign-key-ring',
      message: `${readable(member.table)} and ${readable(key.references)} wait for one another by foreign keys; none of them can be first.`,
      fix: `Drop ${key.name} for the time of the change; it is added again at the end where it can hold.`,
      ...droppingKey(member.table, key.name),
    }));
}

function toRequest(item: SetTable, concurrently: boolean): One {
  const table = { schema: item.table.schema, name: item.table.name };
  if (item.becomes !== 'distributed') {
    return {
      kind: 'distribute-table',
      table,
      as: { type: item.becomes === 'reference' ? 'reference' : 'local' },
    };
  }
  return {
    kind: 'distribute-table',
    table,
    as: {
      type: 'hash',
      column: item.column ?? '',
      shardCount: item.shardCount,
      colocateWith: item.colocateWith,
      ...(concurrently ? { concurrently } : {}),
    },
  };
}

/** The same obstacle seen from two tables is told once. */
function unique(reasons: readonly Reason[]): readonly Reason[] {
  return [
    ...new Map(
      reasons.map((reason) => [reason.repair?.id ?? `${reason.code} ${reason.message}`, reason]),
    ).values(),
  ];
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
  const keys = restoredKeys(before, facts.tables, course.world, context);
  const end = { snapshot: course.world };
  const steps: readonly StepDraft[] = [
    ...before.map((action, index) => repairStep(`prepare-${index + 1}`, action, bytesOf(action), context)),
    ...course.foreseen.map((one, index) =>
      distributeStep(`distribute-${index + 1}`, one.table, one.request, one.choice, context),
    ),
    ...keys.added.map((action, index) =>
      repairStep(`restore-${index + 1}`, action, bytesOf(action), context),
    ),
    // Children before their parents, once every key lies where it belongs.
    ...course.foreseen.toReversed().flatMap((one, index) => {
      const step = truncateStep(`truncate-${index + 1}`, end, one.table, one.request, context);
      return step ? [step] : [];
    }),
  ];
  const distributed = course.foreseen.filter((one) => one.item.becomes === 'distributed');
  return planReply(context, request, {
    title,
    summary: summaryOf(course.foreseen),
    steps,
    findings: [
      ...course.foreseen.flatMap((one) =>
        findingsOf(one.table, one.request, comparesRows(one.table, one.request), {
          ...one.facts,
          snapshot: course.world,
        }),
      ),
      ...keyFindings(before, keys, distributed.length),
    ],
    details: { kind: 'distribute-set', tables: course.foreseen.map(detailsOf) },
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

function keyFindings(
  before: readonly RepairAction[],
  keys: ReturnType<typeof restoredKeys>,
  distributed: number,
): readonly Finding[] {
  const findings: Finding[] = keys.lost.map((lost) => ({
    level: 'mind',
    code: 'key-lost',
    message: `Foreign key ${lost.name} of ${readable(lost.table)} does not come back: ${lost.why}.`,
    remedy: 'What it checked has to be checked by the application, or by a query now and then.',
  }));
  if (keys.added.length > 0) {
    findings.push({
      level: 'mind',
      code: 'keys-restored',
      message: `${counted(keys.added.length, 'foreign key')} ${keys.added.length === 1 ? 'is' : 'are'} not checked while the tables are distributed, and added again at the end, which looks at every row.`,
    });
  }
  if (keys.widened.length > 0) {
    findings.push({
      level: 'mind',
      code: 'keys-widened',
      message: `${listed(keys.widened)} ${keys.widened.length === 1 ? 'comes' : 'come'} back with the distribution columns of both tables in ${keys.widened.length === 1 ? 'it' : 'them'}; rows that pair different values fail that step.`,
      remedy: 'Look for such rows first, by a join of the two tables.',
    });
  }
  if (before.some((action) => action.type === 'drop-trigger')) {
    findings.push({
      level: 'mind',
      code: 'triggers-lost',
      message: 'Triggers that are dropped do not come back: Citus runs none on distributed tables.',
      remedy: 'Do their work in the application, or in a function that is called.',
    });
  }
  if (distributed > 1) {
    findings.push({
      level: 'fine',
      code: 'one-by-one',
      message: `${counted(distributed, 'table')} are distributed one after the other, each a step of its own; a pause or an end in between leaves those done distributed.`,
    });
  }
  return findings;
}

function summaryOf(foreseen: readonly Foreseen[]): string {
  const count = (becomes: SetTable['becomes']): number =>
    foreseen.filter((one) => one.item.becomes === becomes).length;
  const bytes = foreseen.reduce((sum, one) => sum + one.table.totalBytes, 0);
  const parts = [
    [count('distributed'), 'distributed by hash'],
    [count('reference'), 'copied to every node'],
    [count('local'), 'kept on the coordinator'],
  ] as const;
  const words = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return `${counted(foreseen.length, 'table')} (${sizeWords(bytes)}): ${words.join(', ')}.`;
}

function detailsOf(one: Foreseen): SetTableDetails {
  const placement = one.choice ? placementOf(one.facts.snapshot, one.choice) : [];
  const perNode = new Map<string, number>();
  for (const shard of placement) perNode.set(shard.node, (perNode.get(shard.node) ?? 0) + 1);
  return {
    table: readable(one.table),
    becomes: one.item.becomes,
    by: one.item.becomes === 'distributed' ? (one.item.column ?? '') : '',
    bytes: one.table.totalBytes,
    shardCount: shardCountOf(one.choice),
    nodes: [...perNode].map(([node, shards]) => ({ node, shards })),
    colocatedWith: one.choice?.outcome === 'joins' ? one.choice.tables.map(readable) : [],
  };
}
