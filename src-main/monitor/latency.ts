/** How fast a node answers, against how fast it usually does. Pure. */
import type { NodePace } from '../contract/cluster';
import { recentProbes } from '../contract/words';
import { slowAboveMs } from '../plans/node-state';

/** What is usual is the middle of this many answers. */
const usualProbes = 31;
/** The first answers are usual whatever they are: a node at the end of a long line is no suspect. */
const firstAnswers = 5;

export interface Latency {
  readonly recent: NodePace['recent'];
  /** Answers that were not slow when they came, newest last. */
  readonly usual: readonly number[];
}

export const noLatency: Latency = { recent: [], usual: [] };

/** Slow answers do not become usual, so that a node stays suspect for as long as it is slow. */
export function addProbe(latency: Latency, probe: NodePace['recent'][number]): Latency {
  const recent = [...latency.recent, probe].slice(-recentProbes);
  const isUsual =
    typeof probe === 'number'
    && (latency.usual.length < firstAnswers || probe <= slowAboveMs(medianOf(latency.usual)));
  return { recent, usual: isUsual ? [...latency.usual, probe].slice(-usualProbes) : latency.usual };
}

export function toPace({ recent, usual }: Latency): NodePace {
  return { recent, usualMs: medianOf(usual) };
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}
