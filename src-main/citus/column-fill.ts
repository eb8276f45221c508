/** A column that is added to a table and filled from its parent. PostgreSQL's own statements, on ordinary tables. */
import { identifier, qualified } from '../connections/database';
import type { Reader, Statement, StatementOptions } from '../connections/database';
import type { TableName } from '../contract/cluster';
import type { ColumnSource, RepairAction } from '../contract/repairs';

/** 16 MB of rows: long enough to be worth a statement, short enough that nobody waits long for one of its rows. */
export const blocksAtOnce = 2_000;

export function addColumnStatement(action: Extract<RepairAction, { type: 'add-column' }>): Statement {
  // format_type names char(n) without its length so that it would be read as char(1).
  const type = action.columnType === 'character' ? 'bpchar' : action.columnType;
  const collation = action.collation === null ? '' : ` COLLATE ${identifier(action.collation)}`;
  return {
    text: `ALTER TABLE ${qualified(action)} ADD COLUMN ${identifier(action.column)} ${type}${collation}`,
  };
}

function fillText(source: ColumnSource): string {
  const column = identifier(source.column);
  const pairs = source.pairs.map(([own, referenced]) => `c.${identifier(own)} = p.${identifier(referenced)}`);
  return `UPDATE ${qualified(source)} AS c SET ${column} = p.${identifier(source.parentColumn)}
  FROM ${qualified(source.parent)} AS p
 WHERE ${[...pairs, `c.${column} IS NULL`].join(' AND ')}`;
}

/** Rows in the blocks of the table from `fromBlock` up to, without, `fromBlock` + `blocksAtOnce`. */
export function fillRangeStatement(source: ColumnSource, fromBlock: number): Statement {
  return {
    text: `${fillText(source)} AND c.ctid >= $1::tid AND c.ctid < $2::tid`,
    values: [`(${fromBlock},0)`, `(${fromBlock + blocksAtOnce},0)`],
  };
}

/** One transaction: rows written meanwhile are filled while no other can be. */
export function requireColumnStatement(source: ColumnSource): Statement {
  return {
    text: `LOCK TABLE ${qualified(source)} IN SHARE ROW EXCLUSIVE MODE;
${fillText(source)};
ALTER TABLE ${qualified(source)} ALTER COLUMN ${identifier(source.column)} SET NOT NULL`,
  };
}

/** Blocks of the table, of its largest partition where it has such. */
export async function readTableBlocks(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<number> {
  const [row] = await reader.read<{ readonly blocks: number }>(
    {
      text: `SELECT ceil(max(pg_catalog.pg_relation_size(part.oid)) / current_setting('block_size')::float8)::int AS blocks
  FROM (SELECT $1::regclass AS oid UNION SELECT relid FROM pg_catalog.pg_partition_tree($1::regclass) WHERE isleaf) part`,
      values: [qualified(table)],
    },
    options,
  );
  return row?.blocks ?? 0;
}

/** Whether some row of the table has no value in the column. */
export async function readLacksValues(
  reader: Reader,
  table: TableName,
  column: string,
  options?: StatementOptions,
): Promise<boolean> {
  const [row] = await reader.read<{ readonly lacks: boolean }>(
    { text: `SELECT EXISTS (SELECT FROM ${qualified(table)} WHERE ${identifier(column)} IS NULL) AS lacks` },
    options,
  );
  return row?.lacks ?? false;
}
