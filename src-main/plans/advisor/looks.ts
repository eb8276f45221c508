/** Which rows are worth a glance before advising: the keys of the largest tables, and keys that may agree. Pure. */
import type { TableName } from '../../contract/cluster';
import type { AdvisorTable } from '../../contract/advisor-facts';
import { tableKey } from './model';

const tablesLookedAt = 40;
const columnsOfATable = 6;
const agreementsLookedAt = 40;

export interface WantedSample {
  readonly table: AdvisorTable;
  readonly columns: readonly string[];
}

const namesKey = /(id|key|uuid|guid|_no|_nr|_number|_code|tenant|agency|customer|account)$/i;

/** Columns of keys and foreign keys first; only of types that can be distributed by. */
export function samplesWanted(tables: readonly AdvisorTable[]): readonly WantedSample[] {
  return largest(tables).flatMap((table) => {
    const keyed = new Set([
      ...table.uniqueness.flatMap(({ columns }) => columns),
      ...table.foreignKeys.flatMap(({ columns }) => columns),
    ]);
    const columns = table.columns
      .filter((column) => column.isHashable && !column.isGenerated)
      .filter((column) => keyed.has(column.name) || namesKey.test(column.name))
      .toSorted((one, other) => Number(keyed.has(other.name)) - Number(keyed.has(one.name)))
      .slice(0, columnsOfATable)
      .map(({ name }) => name);
    return columns.length > 0 ? [{ table, columns }] : [];
  });
}

export interface WantedAgreement {
  readonly table: AdvisorTable;
  readonly foreignKey: string;
  readonly parent: TableName;
  readonly on: readonly (readonly [column: string, parentColumn: string])[];
  readonly columns: readonly (readonly [column: string, parentColumn: string])[];
}

/**
 * Foreign keys that could take in a distribution column: both tables have a column of one name and type that the key
 * does not hold. Whether it holds the same value on both sides, only rows can tell.
 */
export function agreementsWanted(tables: readonly AdvisorTable[]): readonly WantedAgreement[] {
  const known = new Map(tables.map((table) => [tableKey(table), table]));
  return largest(tables)
    .flatMap((table) =>
      table.foreignKeys.flatMap((key): readonly WantedAgreement[] => {
        const parent = known.get(tableKey(key.references));
        if (!parent || parent.citus) return [];
        const columns = table.columns
          .filter((column) => column.isHashable && namesKey.test(column.name) && column.name !== 'id')
          .filter(
            (column) => !key.columns.includes(column.name) && !key.referencedColumns.includes(column.name),
          )
          .filter((column) =>
            parent.columns.some((other) => other.name === column.name && other.type === column.type),
          )
          .slice(0, columnsOfATable)
          .map(({ name }) => [name, name] as const);
        if (columns.length === 0) return [];
        const on = key.columns.map(
          (column, position) => [column, key.referencedColumns[position] ?? column] as const,
        );
        return [{ table, foreignKey: key.name, parent: key.references, on, columns }];
      }),
    )
    .slice(0, agreementsLookedAt);
}

function largest(tables: readonly AdvisorTable[]): readonly AdvisorTable[] {
  return tables
    .filter((table) => table.citus === null && table.obstacle === null && table.rows !== 0)
    .toSorted((one, other) => other.bytes - one.bytes)
    .slice(0, tablesLookedAt);
}
