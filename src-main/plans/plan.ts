/** What every plan file shares: what is handed to it, and how its outcome is put together. Pure. */
import type { ClusterNode, ClusterSnapshot, TableName } from '../contract/cluster';
import type {
  Finding,
  OperationRequest,
  Plan,
  PlanDetails,
  PlanReply,
  PlanStep,
  RefusalReason,
  ShownStatement,
  StepAction,
} from '../contract/operations';

export { sizeWords } from '../contract/words';

/** The driver's own quoting, handed in. */
export interface SqlQuoting {
  readonly identifier: (name: string) => string;
  readonly qualified: (table: TableName) => string;
  readonly literal: (text: string) => string;
}

/** SQL as the driver quotes it, handed in so that a plan shows exactly what the engine will send. */
export interface PlanSql extends SqlQuoting {
  /** Everything the step with this action will send, in order. */
  readonly statements: (action: StepAction) => readonly ShownStatement[];
}

/** Ids and time come from outside: a plan file asks no clock. */
export interface PlanContext {
  readonly planId: string;
  readonly clusterId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The cluster as the person named it. */
  readonly clusterName: string;
  /** `host:port` of the coordinator: where nearly every step runs. */
  readonly coordinator: string;
  readonly sql: PlanSql;
}

/** A node's answer to a small statement that the coordinator sent to every node. */
export interface NodeAnswer {
  readonly nodeId: number;
  readonly reached: boolean;
  /** The setting wal_level there; null when it did not answer. */
  readonly walLevel: string | null;
  /** The server's words when it was not reached. */
  readonly words: string;
}

/** What a plan was made from, by subject, in words that can be shown when one of them changed. */
export type BasisParts = Readonly<Record<string, string>>;

export function toBasis(parts: BasisParts): string {
  return JSON.stringify(parts);
}

/** The subjects in which two bases differ, a sentence each. */
export function basisDifferences(before: string, after: string): readonly string[] {
  const was = JSON.parse(before) as BasisParts;
  const is = JSON.parse(after) as BasisParts;
  const subjects = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...subjects]
    .filter((subject) => was[subject] !== is[subject])
    .map(
      (subject) =>
        `${subject}: ${was[subject] ?? 'not looked at'} before, ${is[subject] ?? 'not looked at'} now.`,
    );
}

/** A step without what follows from its action. */
export type StepDraft = Omit<PlanStep, 'statements' | 'canBeUndone'> & { readonly canBeUndone?: boolean };

export function toStep(context: PlanContext, draft: StepDraft): PlanStep {
  return { canBeUndone: true, ...draft, statements: context.sql.statements(draft.action) };
}

export function planReply(
  context: PlanContext,
  request: OperationRequest,
  made: {
    readonly title: string;
    readonly summary: string;
    readonly steps: readonly StepDraft[];
    readonly findings: readonly Finding[];
    readonly details: PlanDetails;
    readonly basis: BasisParts;
  },
): PlanReply {
  const plan: Plan = {
    planId: context.planId,
    clusterId: context.clusterId,
    createdAt: context.createdAt,
    request,
    title: made.title,
    summary: made.summary,
    steps: made.steps.map((draft) => toStep(context, draft)),
    findings: made.findings,
    details: made.details,
    basis: toBasis(made.basis),
  };
  return { outcome: 'plan', plan };
}

/** What only the planner needs to know of a reason stays behind. */
export function refusalReply(title: string, reasons: readonly RefusalReason[]): PlanReply {
  return {
    outcome: 'refusal',
    title,
    reasons: reasons.map(({ code, message, fix, fixSql, repair }) => ({
      code,
      message,
      fix,
      fixSql,
      repair,
    })),
  };
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf(node: { readonly name: string; readonly port: number }): string {
  return node.name.includes(':') ? `[${node.name}]:${node.port}` : `${node.name}:${node.port}`;
}

export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^\[|\]$/g, '');
  return plain === 'localhost' || plain === '::1' || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** Schema and name as a person reads them: the schema is left out when it is `public`. */
export function readable(table: TableName): string {
  return table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;
}

export function sameTable(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name;
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(words: readonly string[], limit = 4): string {
  if (words.length === 0) return 'none';
  const shown = words.slice(0, limit);
  const rest = words.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  const last = shown.at(-1) ?? '';
  return shown.length === 1 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Active primaries, the coordinator included where it is registered. */
export function activePrimaries(snapshot: ClusterSnapshot): readonly ClusterNode[] {
  return snapshot.nodes.filter((node) => node.role === 'primary' && node.isActive && !node.isClone);
}

/** Nodes that may take shards, in the order in which Citus hands shards out: by name (bytes), then port. */
export function shardNodes(snapshot: ClusterSnapshot): readonly ClusterNode[] {
  return activePrimaries(snapshot)
    .filter((node) => node.shouldHaveShards)
    .toSorted((one, other) => compareBytes(one.name, other.name) || one.port - other.port);
}

/** UTF-8 byte order is code point order. */
export function compareBytes(one: string, other: string): number {
  const left = Array.from(one, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(other, (character) => character.codePointAt(0) ?? 0);
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
