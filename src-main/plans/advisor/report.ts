/** A design as Markdown: to be discussed by those who were not at the screen. Pure. */
import type { Advice, Design, DesignTable } from '../../contract/advisor';
import { readable, sizeWords } from '../plan';
import { formatCount, formatShare } from '../words';

export function toMarkdown(advice: Advice, design: Design, script: string): string {
  const { figures, changes } = design;
  const { evidence } = advice;
  const lines = [
    `# ${design.title}`,
    '',
    `${design.why} Made from what the database said at ${advice.takenAt}, for ${advice.growth === 1 ? 'the data of that time' : `${advice.growth} times the data of that time`}.`,
    '',
    `Shards: ${design.shardCount}. ${design.shardCountWhy}.`,
    '',
    '| Table | Becomes | By | Beside | Why | Rows | Bytes |',
    '| --- | --- | --- | --- | --- | ---: | ---: |',
    ...design.tables.map(tableLine),
    '',
    '## Figures',
    '',
    `- ${formatShare(figures.spread)} of the bytes spread over the workers or copied to them`,
    `- ${figures.foreignKeysKept} of ${figures.foreignKeys} foreign keys kept as they are, ${figures.foreignKeysWidened} with the distribution column, ${figures.foreignKeysLost} lost`,
    `- largest shard ${figures.skew === null ? 'not known' : `${figures.skew.toFixed(1)} times the median`}`,
    `- ${sizeWords(figures.bytesRewritten)} rewritten before`,
    ...workloadLines(advice, design),
    '',
    '## Must change first',
    '',
    ...(changes.length === 0 ? ['Nothing.'] : changes.map(({ message, cost }) => `- ${message} ${cost}`)),
    '',
    '## Evidence',
    '',
    `- ${evidence.tables} tables, ${evidence.tablesWithoutStatistics} of them without statistics`,
    `- ${formatCount(evidence.rowsSampled)} rows of ${evidence.tablesSampled} tables looked at`,
    ...evidence.gaps.map((gap) => `- ${gap}`),
    '',
    '## Script',
    '',
    '```sql',
    script.trimEnd(),
    '```',
    '',
  ];
  return lines.join('\n');
}

function tableLine(table: DesignTable): string {
  const cells = [
    readable(table),
    `${table.becomes}${table.isKept ? ', as it is' : ''}`,
    table.column ?? '',
    table.colocateWith ? readable(table.colocateWith) : '',
    table.why,
    table.rows === null ? 'unknown' : formatCount(table.rows),
    sizeWords(table.bytes),
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function workloadLines({ evidence }: Advice, { figures, refused }: Design): readonly string[] {
  const { workload } = figures;
  if (workload === null || evidence.statements === null) {
    return [`- no claim about the workload: ${evidence.statementsMissing?.why ?? ''}`];
  }
  return [
    `- of ${formatCount(evidence.statements.calls)} observed calls (${formatShare(evidence.statements.notUnderstood)} not understood): ${formatShare(workload.oneShard)} on one shard, ${formatShare(workload.noShard)} on reference or local tables, ${formatShare(workload.parallel)} on all shards at once, ${formatShare(workload.fanOut)} asking all shards for few rows, ${formatShare(workload.repartition)} with rows between nodes, ${formatShare(workload.everyCopy)} writing every copy, ${formatShare(workload.refused)} refused`,
    ...refused
      .slice(0, 10)
      .map(
        ({ text, calls, why }) =>
          `- refused (${formatCount(calls)} calls): ${why}: \`${text.replaceAll('`', "'")}\``,
      ),
  ];
}
