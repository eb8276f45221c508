/** A set in words: its title, what it comes to, what a person should know. Pure. */
import type { Finding, RequestOf } from '../contract/operations';
import type { RepairAction } from '../contract/repairs';
import type { SetTable, SetTableDetails } from '../contract/table-changes';
import { shardCountOf } from './distribute-one';
import { counted, listed, readable, sizeWords } from './plan';
import { placementOf } from './placement';
import type { RestoredKeys } from './restored-keys';
import type { Foreseen } from './set-course';
import type { SetSchema } from './set-schemas';

type Request = RequestOf<'distribute-set'>;

export function titleOf(items: readonly SetTable[], schemas: readonly SetSchema[]): string {
  const only = items.length === 1 && schemas.length === 0 ? items[0] : undefined;
  if (only) return `Distribute ${readable(only.table)}`;
  const parts = [
    ...(items.length > 0 ? [counted(items.length, 'table')] : []),
    ...(schemas.length > 0 ? [counted(schemas.length, 'schema')] : []),
  ];
  return `Distribute ${listed(parts)}`;
}

export function lostKeyFindings(request: Request, keys: RestoredKeys): readonly Finding[] {
  const given = (request.lostKeys ?? []).map(({ table, constraint }) => ({
    table,
    name: constraint,
    why: 'it cannot hold where its tables will lie, or some rows would break it there',
  }));
  return [...given, ...keys.lost].map((lost) => ({
    level: 'mind',
    code: 'key-lost',
    message: `Foreign key ${lost.name} of ${readable(lost.table)} does not come back: ${lost.why}.`,
    remedy: 'What it checked has to be checked by the application, or by a query now and then.',
  }));
}

export function keyFindings(
  before: readonly RepairAction[],
  keys: RestoredKeys,
  distributed: number,
): readonly Finding[] {
  const findings: Finding[] = [];
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
      message: `${counted(distributed, 'part')} are distributed one after the other, each a step of its own; a pause or an end in between leaves those done distributed.`,
    });
  }
  return findings;
}

export function summaryOf(foreseen: readonly Foreseen[], schemas: readonly SetSchema[]): string {
  const count = (becomes: SetTable['becomes']): number =>
    foreseen.filter((one) => one.item.becomes === becomes).length;
  const bytes = foreseen.reduce((sum, one) => sum + one.table.totalBytes, 0);
  const parts = [
    [count('distributed'), 'distributed by hash'],
    [count('reference'), 'copied to every node'],
    [count('local'), 'kept on the coordinator'],
    [schemas.length, schemas.length === 1 ? 'schema on one node' : 'schemas, each on one node'],
  ] as const;
  const words = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  const lead = foreseen.length === 0 ? '' : `${counted(foreseen.length, 'table')} (${sizeWords(bytes)}): `;
  return `${lead}${words.join(', ')}.`;
}

export function detailsOf(one: Foreseen): SetTableDetails {
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
