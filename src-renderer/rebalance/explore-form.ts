/** Pure: what a person set on the page, as constraints and changes to try out; text that is no number is told. */
import type { InputOf } from '../../src-main/contract/requests';
import type {
  NodeRule,
  PlanMeasure,
  RebalanceConstraints,
  RebalanceExploration,
  WhatIf,
} from '../../src-main/contract/rebalance';

export interface LimitsForm {
  readonly target: RebalanceConstraints['target']['type'];
  /** Per cent above the average. */
  readonly within: string;
  readonly maxGigabytes: string;
  readonly maxMoves: string;
  readonly maxHours: string;
  readonly parallelMoves: string;
  readonly movesPerNode: string;
  /** Per cent of each disk; empty: no such demand. */
  readonly keepFree: string;
  readonly order: RebalanceConstraints['order'];
  readonly rules: Readonly<Record<number, NodeRule>>;
  /** "schema.name" of tables that stay. */
  readonly pinnedTables: readonly string[];
  /** Shards of tenants that stay, with what they hold in words. */
  readonly pinnedTenants: readonly { readonly shardId: string; readonly words: string }[];
}

/** Free disk as Citus demands it after a move (citus.desired_percent_disk_available_after_move). */
export const initialLimits: LimitsForm = {
  target: 'as-citus',
  within: '10',
  maxGigabytes: '',
  maxMoves: '',
  maxHours: '',
  parallelMoves: '1',
  movesPerNode: '1',
  keepFree: '10',
  order: 'most-relief-first',
  rules: {},
  pinnedTables: [],
  pinnedTenants: [],
};

export const nothingTried: WhatIf = {
  addedNodes: 0,
  removedNodeIds: [],
  capacities: [],
  growth: 1,
  isolated: null,
};

export function isTriedOut(whatIf: WhatIf): boolean {
  return JSON.stringify(whatIf) !== JSON.stringify(nothingTried);
}

export type LimitField =
  'within' | 'maxGigabytes' | 'maxMoves' | 'maxHours' | 'parallelMoves' | 'movesPerNode' | 'keepFree';

export type LimitErrors = Readonly<Partial<Record<LimitField, string>>>;

const bounds: Readonly<
  Record<LimitField, { readonly min: number; readonly max: number; readonly whole: boolean }>
> = {
  within: { min: 0, max: 1_000, whole: false },
  maxGigabytes: { min: 0, max: 1e9, whole: false },
  maxMoves: { min: 0, max: 1_000_000, whole: true },
  maxHours: { min: 0.01, max: 10_000, whole: false },
  parallelMoves: { min: 1, max: 64, whole: true },
  movesPerNode: { min: 1, max: 16, whole: true },
  keepFree: { min: 0, max: 95, whole: false },
};

/** Fields that say something even when they are left empty. */
const needed: ReadonlySet<LimitField> = new Set(['within', 'parallelMoves', 'movesPerNode']);

export function limitErrors(form: LimitsForm): LimitErrors {
  const errors: Partial<Record<LimitField, string>> = {};
  for (const field of Object.keys(bounds) as LimitField[]) {
    const { min, max, whole } = bounds[field];
    const text = form[field].trim();
    if (text === '' && !needed.has(field)) continue;
    const value = Number(text);
    if (
      text === ''
      || !Number.isFinite(value)
      || value < min
      || value > max
      || (whole && !Number.isInteger(value))
    )
      errors[field] = `${whole ? 'A whole number' : 'A number'} from ${min} to ${max}.`;
  }
  return errors;
}

export interface StrategyChoice {
  readonly measure: PlanMeasure;
  readonly strategy: string | undefined;
  readonly drainOnly: boolean;
}

/** What a strategy evens out; of one that is the cluster's own only its functions know. */
export function measureOf(strategy: string | undefined): PlanMeasure {
  switch (strategy) {
    case 'by_shard_count':
      return 'groups';
    case 'by_disk_size':
    case undefined:
      return 'bytes';
    default:
      return 'cost';
  }
}

/** Null while something in the form is no number. */
export function toConstraints(
  form: LimitsForm,
  { measure, strategy, drainOnly }: StrategyChoice,
  tables: readonly { readonly schema: string; readonly name: string }[],
): RebalanceConstraints | null {
  if (Object.keys(limitErrors(form)).length > 0) return null;
  const number = (text: string): number | null => (text.trim() === '' ? null : Number(text));
  const pinned = new Set(form.pinnedTables);
  const gigabytes = number(form.maxGigabytes);
  const keepFree = number(form.keepFree);
  return {
    measure,
    ...(measure === 'cost' && strategy !== undefined && { strategy }),
    ...(drainOnly && { drainOnly }),
    target:
      form.target === 'as-citus'
        ? { type: 'as-citus' }
        : { type: 'within', share: Number(form.within) / 100 },
    nodeRules: Object.entries(form.rules).map(([nodeId, rule]) => ({ nodeId: Number(nodeId), rule })),
    pinnedTables: tables
      .filter((table) => pinned.has(`${table.schema}.${table.name}`))
      .map(({ schema, name }) => ({ schema, name })),
    pinnedShards: form.pinnedTenants.map(({ shardId }) => shardId),
    maxBytes: gigabytes === null ? null : gigabytes * 1024 ** 3,
    maxMoves: number(form.maxMoves),
    maxHours: number(form.maxHours),
    parallelMoves: Number(form.parallelMoves),
    movesPerNode: Number(form.movesPerNode),
    keepFreeShare: keepFree === null ? null : keepFree / 100,
    order: form.order,
  };
}

/** What is demanded beyond what is always so, in words: "2 nodes with a rule, at most 5 moves". */
export function demandsOf(form: LimitsForm): readonly string[] {
  const words: string[] = [];
  const rules = Object.keys(form.rules).length;
  if (rules > 0) words.push(rules === 1 ? '1 node with a rule' : `${rules} nodes with a rule`);
  const pins = form.pinnedTables.length + form.pinnedTenants.length;
  if (pins > 0) words.push(pins === 1 ? '1 pin' : `${pins} pins`);
  if (form.maxMoves.trim() !== '') words.push(`at most ${form.maxMoves.trim()} moves`);
  if (form.maxGigabytes.trim() !== '') words.push(`at most ${form.maxGigabytes.trim()} GB`);
  if (form.maxHours.trim() !== '') words.push(`at most ${form.maxHours.trim()} h`);
  if (form.target === 'within') words.push(`within ${form.within.trim()} %`);
  return words;
}

export type PlanOrigin = 'ours' | 'citus';

/**
 * The plan that is looked at first. Ours where it moves less, or where something is demanded that Citus knows nothing of;
 * else Citus's, as a job of the cluster does not end with the app.
 */
export function suitedPlan(
  { ours, citus }: Pick<RebalanceExploration, 'ours' | 'citus'>,
  isDemanding: boolean,
): PlanOrigin {
  if (ours === null || citus === null) return 'citus';
  if (isDemanding) return 'ours';
  if (ours.moves.length === 0) return 'citus';
  return (ours.bytes ?? ours.moves.length) < (citus.bytes ?? citus.moves.length) ? 'ours' : 'citus';
}

export type ExploreInput = InputOf<'rebalance.explore'>;
