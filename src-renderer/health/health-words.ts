/** Pure: what the health page says, and the report as text. */
import type { HealthCheck, HealthLevel, HealthPage, HealthReport } from '../../src-main/contract/health';
import { assertNever } from '../api/assert-never';
import { withNames } from '../nodes/node-names';
import type { NamedAddress } from '../nodes/node-names';
import type { ShownState } from '../ui/states';

export function levelState(level: HealthLevel): ShownState {
  switch (level) {
    case 'stops':
      return 'bad';
    case 'mind':
      return 'mind';
    case 'unknown':
      return 'mute';
    case 'fine':
      return 'ok';
    default:
      return assertNever(level);
  }
}

export const pageLabels: Readonly<Record<HealthPage, string>> = {
  topology: 'Open topology',
  nodes: 'Open nodes',
  tables: 'Open tables',
  rebalance: 'Plan rebalance…',
  operations: 'Open operations',
  'add-node': 'Add node…',
};

/** What stops work and what wants one's mind: the count beside the subject. */
export function countFindings(report: HealthReport | undefined): number {
  return report?.checks.filter(({ level }) => level === 'stops' || level === 'mind').length ?? 0;
}

export function tookWords(tookMs: number): string {
  return tookMs < 950 ? `${Math.max(0.1, tookMs / 1000).toFixed(1)} s` : `${Math.round(tookMs / 1000)} s`;
}

/** A check as it is read: nodes that were given a name by that name, and SQL as it is. */
export function named(check: HealthCheck, names: readonly NamedAddress[]): HealthCheck {
  if (names.length === 0) return check;
  return {
    ...check,
    title: withNames(check.title, names),
    found: withNames(check.found, names),
    mend: check.mend === null ? null : { ...check.mend, text: withNames(check.mend.text, names) },
    evidence: check.evidence.map((row) => ({ ...row, value: withNames(row.value, names) })),
  };
}

/** For a ticket or a mail: every finding in full, what is fine by its title. */
export function toReportText(report: HealthReport, clusterName: string): string {
  const findings = report.checks.filter(({ level }) => level !== 'fine');
  const fine = report.checks.filter(({ level }) => level === 'fine');
  return [
    `Health of ${clusterName}, ${report.takenAt}: ${report.verdict.words}.`,
    ...findings.map(findingText),
    ...(fine.length > 0
      ? [`Fine:\n${fine.map(({ title, found }) => `- ${title}: ${found}`).join('\n')}`]
      : []),
  ].join('\n\n');
}

function findingText(check: HealthCheck): string {
  const lines = [
    `[${check.word}] ${check.title}`,
    check.found,
    `Since: ${check.since}`,
    `Means: ${check.means}`,
    check.mend === null ? '' : `Mend: ${check.mend.text}`,
    check.mend?.sql === undefined ? '' : indented(check.mend.sql),
    check.how.statement === null ? '' : `Found by: ${check.how.words}\n${indented(check.how.statement)}`,
    ...check.evidence
      .filter(({ isFinding }) => isFinding)
      .map(({ subject, value }) => `- ${subject}: ${value}`),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
