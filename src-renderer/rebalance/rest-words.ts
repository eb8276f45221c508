/** Pure: what is left of paused moves and a fresh plan beside it, as cards, rows and sentences. */
import type { Plan, PlanReply } from '../../src-main/contract/operations';
import type { MoveDifference, MoveDifferenceKind, RestPlans } from '../../src-main/contract/rest-plans';
import { formatCount, formatCounted, formatList } from '../ui/format';
import type { ShownState } from '../ui/states';
import { moveFigures } from './plan-card';
import type { PlanCard } from './plan-card';

export type RestChoice = 'rest' | 'fresh';

export const differenceWords: Readonly<
  Record<MoveDifferenceKind, { readonly state: ShownState; readonly text: string }>
> = {
  kept: { state: 'mute', text: 'kept' },
  changed: { state: 'mind', text: 'other target' },
  dropped: { state: 'mute', text: 'dropped' },
  added: { state: 'busy', text: 'added' },
};

export function planOf(reply: PlanReply | null): Plan | null {
  return reply?.outcome === 'plan' ? reply.plan : null;
}

/** Null: the two plans cannot be told apart, or there is one alone. */
export function restCards(plans: RestPlans): readonly PlanCard<RestChoice>[] | null {
  if (plans.fresh === null || (plans.rest !== null && isSame(plans))) return null;
  return [
    toCard('rest', 'Rest of the plan', plans.rest, 'As it was reviewed; what has moved is left out.'),
    toCard(
      'fresh',
      'Planned afresh',
      plans.fresh,
      ['From the cluster as it is now, under the same constraints.', ...plans.freshWords].join(' '),
    ),
  ];
}

function isSame({ rest, differences }: RestPlans): boolean {
  return rest?.outcome === 'plan' && differences.every(({ kind }) => kind === 'kept');
}

function toCard(id: RestChoice, title: string, reply: PlanReply | null, about: string): PlanCard<RestChoice> {
  if (reply?.outcome === 'refusal') {
    return {
      id,
      title,
      about,
      chip: { state: 'mind', text: 'differs from the cluster' },
      figures: [],
    };
  }
  return { id, title, about, chip: null, figures: moveFigures(figuresOf(planOf(reply))) };
}

function figuresOf(plan: Plan | null): Parameters<typeof moveFigures>[0] {
  if (plan === null) return { moves: 0, bytes: 0, durationMs: null };
  const moves = plan.details.kind === 'rebalance' ? plan.details.moves : [];
  return {
    moves: moves.length,
    bytes: moves.reduce<number | null>(
      (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
      0,
    ),
    durationMs: plan.steps.find(({ action }) => action.type === 'move-shards')?.expectedMs ?? null,
  };
}

/** "4 moves kept, 1 with another target, 2 dropped, 1 added" */
export function differenceLine(differences: readonly MoveDifference[]): string {
  const count = (wanted: MoveDifferenceKind): number =>
    differences.filter(({ kind }) => kind === wanted).length;
  const parts = [
    `${formatCounted(count('kept'), 'move')} kept`,
    count('changed') > 0 ? `${formatCount(count('changed'))} with another target` : '',
    count('dropped') > 0 ? `${formatCount(count('dropped'))} dropped` : '',
    count('added') > 0 ? `${formatCount(count('added'))} added` : '',
  ];
  return `Against the rest of the plan: ${formatList(parts.filter((part) => part !== ''))}.`;
}

/** What differs first. */
export function differenceRows(differences: readonly MoveDifference[]): readonly MoveDifference[] {
  return [
    ...differences.filter(({ kind }) => kind !== 'kept'),
    ...differences.filter(({ kind }) => kind === 'kept'),
  ];
}
