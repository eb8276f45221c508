/** Pure: a plan in a few figures, as it stands beside another. */
import { formatBytes, formatCount, formatDurationRange } from '../ui/format';
import type { ShownState } from '../ui/states';

export interface PlanFigure {
  readonly label: string;
  readonly value: string;
}

export interface PlanCard<Id extends string> {
  readonly id: Id;
  readonly title: string;
  readonly about: string;
  readonly chip: { readonly state?: ShownState; readonly text: string } | null;
  readonly figures: readonly PlanFigure[];
}

/** @param durationMs milliseconds, shortest to longest; null where a size is not known */
export function moveFigures(plan: {
  readonly moves: number;
  readonly bytes: number | null;
  readonly durationMs: readonly [number, number] | null;
}): readonly PlanFigure[] {
  const isEmpty = plan.moves === 0;
  return [
    { label: plan.moves === 1 ? 'move' : 'moves', value: formatCount(plan.moves) },
    { label: 'over the network', value: isEmpty ? 'nothing' : formatBytes(plan.bytes) },
    {
      label: 'expected',
      value: isEmpty
        ? 'no time'
        : plan.durationMs === null
          ? 'unknown'
          : formatDurationRange(plan.durationMs),
    },
  ];
}
