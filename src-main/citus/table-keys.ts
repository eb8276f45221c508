/** Every foreign key between logical tables, in one statement that asks no worker. */
import type { Reader, StatementOptions } from '../connections/database';
import type { ForeignKey, KeyAction } from '../contract/tables';
import type { CatalogFacts } from './capabilities';
import { keyNames } from './practice-catalogs';

const columnsOf = (relation: string, numbers: string): string => `
  (SELECT json_agg(json_build_array(a.attname, pg_catalog.format_type(a.atttypid, NULL)) ORDER BY q.position)
     FROM unnest(${numbers}) WITH ORDINALITY q (attnum, position)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = q.attnum)`;

type Column = readonly [name: string, type: string];
type KeyRow = readonly [
  name: string,
  from: number | string,
  to: number | string,
  columns: readonly Column[],
  referenced: readonly Column[],
  onDelete: string,
  onUpdate: string,
  isValidated: boolean,
  definition: string,
];

/**
 * Keys of shards are in the same catalog where the coordinator holds shards: the caller keeps those whose two ends it
 * knows as tables.
 */
export async function readForeignKeys(
  reader: Reader,
  catalog: Pick<CatalogFacts, 'isPracticeEmulator'>,
  options?: StatementOptions,
): Promise<readonly ForeignKey[]> {
  const names = keyNames(catalog);
  const [row] = await reader.read<{ readonly keys: string }>(
    {
      text: `
SELECT coalesce(json_agg(json_build_array(
         o.conname, (${names.shown('o.conrelid')})::bigint, (${names.shown('o.confrelid')})::bigint,
         ${columnsOf('o.conrelid', 'o.conkey')}, ${columnsOf('o.confrelid', 'o.confkey')},
         o.confdeltype, o.confupdtype, o.convalidated, ${names.definition}) ORDER BY o.oid), '[]')::text AS keys
  FROM pg_catalog.pg_constraint o
 WHERE o.contype = 'f' AND o.conparentid = 0 AND o.connamespace <> 'pg_catalog'::regnamespace`,
    },
    options,
  );
  return (JSON.parse(row?.keys ?? '[]') as readonly KeyRow[]).map(
    ([name, from, to, columns, referenced, onDelete, onUpdate, isValidated, definition]) => ({
      name,
      fromOid: Number(from),
      toOid: Number(to),
      columns: columns.map(([column]) => column),
      referencedColumns: referenced.map(([column]) => column),
      columnTypes: columns.map(([, type]) => type),
      referencedTypes: referenced.map(([, type]) => type),
      onDelete: actionInWords(onDelete),
      onUpdate: actionInWords(onUpdate),
      isValidated,
      definition,
    }),
  );
}

function actionInWords(action: string): KeyAction {
  switch (action) {
    case 'r':
      return 'restrict';
    case 'c':
      return 'cascade';
    case 'n':
      return 'set null';
    case 'd':
      return 'set default';
    default:
      return 'no action';
  }
}
