/** All checks, worst first, and the one verdict over them. */
import type { HealthCheck, HealthLevel, HealthReport } from '../../contract/health';
import { listed } from '../plan';
import type { HealthFacts } from './facts';
import { evidence, levelWords } from './judgement';
import type { Judgement } from './judgement';
import {
  judgeConnectivity,
  judgeCoordinator,
  judgeExtension,
  judgeInactive,
  judgeMetadata,
  judgeReachability,
} from './node-checks';
import { judgeConnectionBudget } from './connection-budget';
import { judgeLeftoverTables } from './leftover-check';
import { judgeSlowNodes } from './pace-check';
import { judgeClocks, judgeDisk, judgeIdleSlots, judgeInDoubt } from './server-checks';
import {
  judgeAgreement,
  judgeOutputPlugins,
  judgePreparedTransactionsSetting,
  judgeReplicationSlots,
  judgeWalLevel,
  judgeWalSenders,
  judgeWorkerProcesses,
} from './setting-checks';
import {
  judgeCleanup,
  judgeOnlineMoves,
  judgePlacements,
  judgeRebalance,
  judgeReferenceTables,
  judgeShardSkew,
} from './table-checks';
import { judgeExtensionSkew, judgeLibraryFits, judgeLibrarySkew, judgePostgresSkew } from './version-checks';

/** In the order in which checks of one level are shown. */
export const judgements: readonly Judgement[] = [
  judgeReachability,
  judgeSlowNodes,
  judgeConnectivity,
  judgePlacements,
  judgeInDoubt,
  judgeExtension,
  judgeLibraryFits,
  judgeCoordinator,
  judgeInactive,
  judgeMetadata,
  judgeDisk,
  judgePreparedTransactionsSetting,
  judgeOutputPlugins,
  judgeWalLevel,
  judgeOnlineMoves,
  judgeReferenceTables,
  judgeConnectionBudget,
  judgeReplicationSlots,
  judgeWalSenders,
  judgeWorkerProcesses,
  judgeAgreement,
  judgeIdleSlots,
  judgeCleanup,
  judgeLeftoverTables,
  judgeExtensionSkew,
  judgeLibrarySkew,
  judgePostgresSkew,
  judgeRebalance,
  judgeShardSkew,
  judgeClocks,
];

const order: readonly HealthLevel[] = ['stops', 'mind', 'unknown', 'fine'];

/** `before` is the report before this one: what has kept its level has kept its since. */
export function toChecks(
  facts: HealthFacts,
  before: HealthReport | null,
  at: string,
): readonly HealthCheck[] {
  const earlier = new Map((before?.checks ?? []).map((check) => [check.id, check]));
  const checks = judgements.map((judge): HealthCheck => {
    const { asksNodes, ...judged } = judge(facts);
    const last = earlier.get(judged.id);
    const since = judged.since ?? (last?.level === judged.level ? last.since : at);
    const check = { ...judged, word: judged.word ?? levelWords[judged.level], since };
    return asksNodes === true ? withAway(check, facts.away) : check;
  });
  return order.flatMap((level) => checks.filter((check) => check.level === level));
}

/** A check that is fine on all that answer says whom it could not ask; a finding has enough to say, and lists them. */
function withAway(check: HealthCheck, away: readonly string[]): HealthCheck {
  if (away.length === 0) return check;
  return {
    ...check,
    found:
      check.level === 'fine'
        ? `${check.found} Not asked, since ${away.length === 1 ? 'it does' : 'they do'} not answer: ${listed(away)}.`
        : check.found,
    evidence: [
      ...check.evidence,
      ...away.map((address) => evidence(address, 'not asked: it does not answer')),
    ],
  };
}

const numbers = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];

/** "two things stop or will stop work, three want your mind, one is not known; 31 checks are fine". */
export function toVerdict(checks: readonly Pick<HealthCheck, 'level'>[]): HealthReport['verdict'] {
  const count = (level: HealthLevel): number => checks.filter((check) => check.level === level).length;
  const word = (number: number): string => numbers[number] ?? String(number);
  const [stops, mind, unknown, fine] = [count('stops'), count('mind'), count('unknown'), count('fine')];
  const parts = [
    stops > 0 ? `${word(stops)} ${stops === 1 ? 'thing stops' : 'things stop'} or will stop work` : '',
    mind > 0
      ? `${word(mind)} ${stops > 0 ? '' : mind === 1 ? 'thing ' : 'things '}${mind === 1 ? 'wants' : 'want'} your mind`
      : '',
    unknown > 0 ? `${word(unknown)} ${unknown === 1 ? 'is' : 'are'} not known` : '',
  ].filter((part) => part !== '');
  const fineWords = `${fine} ${fine === 1 ? 'check is' : 'checks are'} fine`;
  const level = stops > 0 ? 'stops' : mind > 0 ? 'mind' : unknown > 0 ? 'unknown' : 'fine';
  return { level, words: parts.length === 0 ? `all ${fineWords}` : `${parts.join(', ')}; ${fineWords}` };
}
