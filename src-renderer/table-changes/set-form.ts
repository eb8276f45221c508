/** Pure: what the wizard for sets offers for each table, and the request that its answers make. */
import type { PlainTable, TableName } from '../../src-main/contract/cluster';
import type { SetTable } from '../../src-main/contract/table-changes';
import { tableKey, tableLabel, tableOfKey } from '../operations/distribute-form';

export type Becomes = SetTable['becomes'];

/** The answers for one table; a table without an entry stays as it is. */
export interface SetAnswer {
  readonly becomes: Becomes;
  readonly column: string;
  /** `default`, `none`, or the key of a table. */
  readonly colocateWith: string;
}

export type SetAnswers = Readonly<Record<string, SetAnswer>>;

export const becomesOptions: readonly { readonly value: Becomes; readonly label: string }[] = [
  { value: 'skip', label: 'As it is' },
  { value: 'distributed', label: 'Distributed by hash' },
  { value: 'reference', label: 'Reference table' },
  { value: 'local', label: 'Local in metadata' },
];

export const untouched: SetAnswer = { becomes: 'skip', column: '', colocateWith: 'default' };

/** The first distributed table is the model of the others, so that a set is colocated unless a person says otherwise. */
export function modelOf(answers: SetAnswers, tables: readonly TableName[]): string | null {
  const first = tables.find((table) => answers[tableKey(table)]?.becomes === 'distributed');
  return first === undefined ? null : tableKey(first);
}

/** Tables of the set that another can be colocated with. */
export function groupOptions(
  answers: SetAnswers,
  of: string,
  known: readonly { readonly value: string; readonly label: string }[],
): readonly { readonly value: string; readonly label: string }[] {
  const members = Object.entries(answers)
    .filter(
      ([key, answer]) =>
        key !== of
        && answer.becomes === 'distributed'
        // One that lies beside a table of the set stands for the same group as that; of thousands, few are left.
        && (key === answers[of]?.colocateWith || tableOfKey(answer.colocateWith) === null),
    )
    .flatMap(([key]) => {
      const table = tableOfKey(key);
      return table === null ? [] : [{ value: key, label: `${tableLabel(table)} (of this set)` }];
    });
  return [...known.slice(0, 2), ...members, ...known.slice(2)];
}

export function setSummary(answers: SetAnswers): string {
  const count = (becomes: Becomes): number =>
    Object.values(answers).filter((answer) => answer.becomes === becomes).length;
  const parts = [
    [count('distributed'), 'distributed'],
    [count('reference'), 'reference'],
    [count('local'), 'local'],
  ] as const;
  const words = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return words.length === 0 ? 'nothing chosen yet' : words.join(', ');
}

/** What is missing before the set can be planned; null when nothing is. */
export function setError(answers: SetAnswers): string | null {
  const chosen = Object.entries(answers).filter(([, answer]) => answer.becomes !== 'skip');
  if (chosen.length === 0) return 'Choose what at least one table shall become';
  const without = chosen.filter(([, answer]) => answer.becomes === 'distributed' && answer.column === '');
  return without.length === 0 ? null : `${without.length} distributed without a column`;
}

export function toSetTables(answers: SetAnswers, shardCount: string): readonly SetTable[] {
  return Object.entries(answers).flatMap(([key, answer]): readonly SetTable[] => {
    const table = tableOfKey(key);
    if (table === null || answer.becomes === 'skip') return [];
    if (answer.becomes !== 'distributed') {
      return [{ table, becomes: answer.becomes, column: null, colocateWith: 'default', shardCount: null }];
    }
    const beside = tableOfKey(answer.colocateWith);
    return [
      {
        table,
        becomes: 'distributed',
        column: answer.column,
        colocateWith: beside ?? (answer.colocateWith === 'none' ? 'none' : 'default'),
        shardCount: beside !== null || shardCount.trim() === '' ? null : Number(shardCount),
      },
    ];
  });
}

/** Largest first: what matters most is decided first. */
export function bySize(tables: readonly PlainTable[]): readonly PlainTable[] {
  return tables.slice().sort((one, other) => other.bytes - one.bytes || one.name.localeCompare(other.name));
}
