/** Plans that take longer than a window may stand still: what a thread of its own is asked, and how it answers. */
import type { AdvisorFacts } from '../contract/advisor-facts';
import type { Advice, Design, DesignChoice, DesignText, TableAdvice } from '../contract/advisor';
import type { ClusterSnapshot, TableName } from '../contract/cluster';
import type { RebalanceConstraints, RebalanceExploration, WhatIf } from '../contract/rebalance';
import { advise } from '../plans/advisor/advise';
import type { Adviser } from '../plans/advisor/advise';
import { toMarkdown } from '../plans/advisor/report';
import { toScript } from '../plans/advisor/script';
import { adviseTable } from '../plans/advisor/table-advice';
import { exploreRebalance } from '../plans/explore-rebalance';
import type { Pace } from '../plans/move-estimate';
import type { SqlQuoting } from '../plans/plan';
import type { WorldFacts } from '../plans/planner-world';

/** A design of the advice that the thread holds, with a person's own choices. */
interface Asked {
  readonly designId: string;
  readonly choices: readonly DesignChoice[];
}

/** The large parts of a cluster; they stay with the thread until others are given. */
export type HeldCluster = Pick<WorldFacts, 'snapshot' | 'shardBytes'>;

/** Each is answered from what the thread was told before; null where it holds nothing of the kind. */
export interface PlannerTasks {
  'advisor.advise'(input: {
    readonly facts: AdvisorFacts;
    readonly adviceId: string;
    readonly clusterId: string;
    readonly takenAt: string;
    readonly growth: number;
  }): Advice;
  'advisor.design'(input: Asked): Design | null;
  'advisor.table'(input: Asked & { readonly table: TableName }): TableAdvice | null;
  'advisor.text'(input: Asked & { readonly format: 'sql' | 'markdown' }): DesignText | null;
  'rebalance.hold'(input: {
    readonly snapshot: ClusterSnapshot;
    /** In a list of one, so that nobody looks for lists among 40,000 numbers. */
    readonly shardBytes: readonly [WorldFacts['shardBytes']];
  }): null;
  'rebalance.explore'(input: {
    readonly planning: Pick<WorldFacts, 'disks' | 'baseCostBytes' | 'strategy'>;
    readonly constraints: RebalanceConstraints;
    readonly whatIf: WhatIf;
    readonly pace: Pace;
  }): RebalanceExploration | null;
}

export type PlannerTask = keyof PlannerTasks;
export type InputOf<T extends PlannerTask> = Parameters<PlannerTasks[T]>[0];
export type OutputOf<T extends PlannerTask> = ReturnType<PlannerTasks[T]>;

export function createPlannerTasks(sql: SqlQuoting): PlannerTasks {
  let adviser: Adviser | null = null;
  let held: HeldCluster | null = null;
  return {
    'advisor.advise': ({ facts, ...asked }) => {
      adviser = advise(facts, { ...asked, sql });
      return adviser.advice;
    },
    'advisor.design': ({ designId, choices }) => adviser?.design(designId, choices) ?? null,
    'advisor.table': ({ designId, choices, table }) => {
      const evaluated = adviser?.evaluated(designId, choices);
      return adviser && evaluated ? adviseTable(adviser.advising, evaluated, table) : null;
    },
    'advisor.text': ({ designId, choices, format }) => {
      const design = adviser?.design(designId, choices);
      const evaluated = adviser?.evaluated(designId, choices);
      if (!adviser || !design || !evaluated) return null;
      const script = toScript(adviser.advising, evaluated, design);
      const name = design.title.toLowerCase().replaceAll(/[^a-z0-9_]+/g, '-');
      return format === 'sql'
        ? { fileName: `${name}.sql`, text: script }
        : { fileName: `${name}.md`, text: toMarkdown(adviser.advice, design, script) };
    },
    'rebalance.hold': ({ snapshot, shardBytes: [shardBytes] }) => {
      held = { snapshot, shardBytes };
      return null;
    },
    'rebalance.explore': ({ planning, constraints, whatIf, pace }) =>
      held && exploreRebalance({ ...held, ...planning }, constraints, whatIf, pace),
  };
}
