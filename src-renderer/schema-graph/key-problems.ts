/**
 * Pure: what is wrong with a foreign key between two tables. The rules are those by which Citus refuses a key when it is
 * made (commands/foreign_constraint.c); a key may break them all the same, made with citus.allow_unsafe_constraints or
 * before its table was distributed otherwise.
 */
import type { ForeignKey } from '../../src-main/contract/tables';
import type { SchemaTable } from './schema-model';

export interface KeyProblem {
  readonly level: 'bad' | 'mind';
  /** Few words, for the edge. */
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
}

export function judgeKey(key: ForeignKey, from: SchemaTable, to: SchemaTable): KeyProblem | null {
  return judgePlaces(key, from, to) ?? judgeColumns(key);
}

/** Whether the rows that refer to each other lie on one node. */
function judgePlaces(key: ForeignKey, from: SchemaTable, to: SchemaTable): KeyProblem | null {
  if (from.oid === to.oid && from.kind !== 'distributed') return null;
  if (to.kind === 'reference' || (from.kind === 'plain' && to.kind === 'plain')) return null;
  const isSpread = (table: SchemaTable): boolean => table.kind === 'distributed' || table.kind === 'schema';
  if (isSpread(from) && !isSpread(to)) {
    return {
      level: 'bad',
      title: 'to a local table',
      meaning: `${to.label} lies on the coordinator alone; no worker can check the key.`,
      remedy: `Make ${to.label} a reference table, or distribute it colocated with ${from.label}.`,
    };
  }
  if (!isSpread(from) && isSpread(to)) {
    return {
      level: 'bad',
      title: from.kind === 'reference' ? 'from a reference table' : 'from a local table',
      meaning: `The rows of ${to.label} are spread over the nodes; ${from.label} lies where most of them are not.`,
      remedy: `Drop the key, or distribute ${from.label} colocated with ${to.label}.`,
    };
  }
  if (!isSpread(from)) return null;
  if (from.colocationId !== to.colocationId) {
    return {
      level: 'bad',
      title: 'not colocated',
      meaning: 'Rows that refer to each other lie on different nodes, so no node can check the key.',
      remedy: `Colocate both tables, or make ${to.label} a reference table.`,
    };
  }
  if (from.kind === 'schema') return null;
  const at = key.columns.indexOf(from.column ?? '');
  if (at < 0 || key.referencedColumns[at] !== to.column) {
    return {
      level: 'bad',
      title: 'without the distribution column',
      meaning: `The key does not pair ${from.column ?? 'the distribution column'} with ${to.column ?? 'that of the other table'}, so a row may refer to one in another shard.`,
      remedy: 'Put the distribution columns of both tables into the key, in the same place.',
    };
  }
  return null;
}

function judgeColumns(key: ForeignKey): KeyProblem | null {
  const differing = key.columns.flatMap((column, index) =>
    key.columnTypes[index] === key.referencedTypes[index]
      ? []
      : [
          `${column} is ${key.columnTypes[index] ?? 'unknown'}, ${key.referencedColumns[index] ?? ''} is ${key.referencedTypes[index] ?? 'unknown'}`,
        ],
  );
  if (differing.length > 0) {
    return {
      level: 'mind',
      title: 'types differ',
      meaning: `${differing.join('; ')}. Every check converts, and the tables cannot be colocated by these columns.`,
      remedy: 'Give both columns one type.',
    };
  }
  if (!key.isValidated) {
    return {
      level: 'mind',
      title: 'not validated',
      meaning: 'Rows that were there before the key was made were not checked.',
      remedy: 'Validate the constraint.',
    };
  }
  return null;
}
