/** What is looked at before and after a table is changed: keys, columns, colocation, shards of a value, partitions. */
import { qualified } from '../connections/database';
import type { Reader, StatementOptions } from '../connections/database';
import type { TableName } from '../contract/cluster';
import { tableSource } from './practice-catalogs';

/** The practice emulator keeps keys on a twin of the table; found by asking, since a step is handed no catalog facts. */
async function isEmulator(reader: Reader, options?: StatementOptions): Promise<boolean> {
  const [row] = await reader.read<{ readonly found: boolean }>(
    { text: `SELECT to_regclass('pg_citus_practice.shell') IS NOT NULL AS found` },
    options,
  );
  return row?.found ?? false;
}

/** `c` is the table as named, `k` the relation that carries its keys. */
async function readOfTable<Row extends object>(
  reader: Reader,
  table: TableName,
  columns: string,
  more: readonly string[],
  options?: StatementOptions,
): Promise<Row | null> {
  const source = tableSource({ isPracticeEmulator: await isEmulator(reader, options) });
  const rows = await reader.read<Row>(
    {
      text: `SELECT ${columns}
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
  ${source.joins}
 WHERE n.nspname = $1 AND c.relname = $2`,
      values: [table.schema, table.name, ...more],
    },
    options,
  );
  return rows[0] ?? null;
}

export interface KeyState {
  readonly found: boolean;
  readonly columns: readonly string[];
}

/** A constraint by its name; null when there is no such table. */
export function readConstraint(
  reader: Reader,
  table: TableName,
  constraint: string,
  options?: StatementOptions,
): Promise<KeyState | null> {
  const columns = `EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = k.oid AND o.conname = $3) AS found,
       coalesce((SELECT array_agg(t.attname::text) FROM pg_catalog.pg_constraint o
          JOIN pg_catalog.pg_attribute t ON t.attrelid = o.conrelid AND t.attnum = ANY (o.conkey)
         WHERE o.conrelid = k.oid AND o.conname = $3), '{}') AS columns`;
  return readOfTable<KeyState>(reader, table, columns, [constraint], options);
}

/** An index by its name; null when there is no such table. */
export function readIndex(
  reader: Reader,
  table: TableName,
  index: string,
  options?: StatementOptions,
): Promise<KeyState | null> {
  const of = `FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid AND x.relname = $3`;
  const columns = `EXISTS (SELECT ${of} WHERE i.indrelid = k.oid) AS found,
       coalesce((SELECT array_agg(t.attname::text) ${of}
          JOIN pg_catalog.pg_attribute t ON t.attrelid = i.indrelid AND t.attnum = ANY (i.indkey::int2[])
         WHERE i.indrelid = k.oid), '{}') AS columns`;
  return readOfTable<KeyState>(reader, table, columns, [index], options);
}

/** Null when there is no such table. */
export async function readHasTrigger(
  reader: Reader,
  table: TableName,
  trigger: string,
  options?: StatementOptions,
): Promise<boolean | null> {
  const columns = `EXISTS (SELECT FROM pg_catalog.pg_trigger g
       WHERE g.tgrelid = k.oid AND g.tgname = $3 AND NOT g.tgisinternal) AS found`;
  const row = await readOfTable<{ readonly found: boolean }>(reader, table, columns, [trigger], options);
  return row?.found ?? null;
}

export interface ColumnState {
  /** format_type without its modifier; null when there is no such column. */
  readonly type: string | null;
  readonly isGenerated: boolean;
  readonly isIdentity: boolean;
  readonly isNullable: boolean;
}

export function readColumn(
  reader: Reader,
  table: TableName,
  column: string,
  options?: StatementOptions,
): Promise<ColumnState | null> {
  const of = (value: string): string =>
    `(SELECT ${value} FROM pg_catalog.pg_attribute t WHERE t.attrelid = c.oid AND t.attname = $3 AND NOT t.attisdropped)`;
  const columns = `${of('pg_catalog.format_type(t.atttypid, NULL)')} AS type,
       coalesce(${of(`t.attgenerated <> ''`)}, false) AS "isGenerated",
       coalesce(${of(`t.attidentity <> ''`)}, false) AS "isIdentity",
       coalesce(${of('NOT t.attnotnull')}, true) AS "isNullable"`;
  return readOfTable<ColumnState>(reader, table, columns, [column], options);
}

export async function readHasExtension(
  reader: Reader,
  extension: string,
  options?: StatementOptions,
): Promise<boolean> {
  const rows = await reader.read(
    { text: 'SELECT FROM pg_catalog.pg_extension WHERE extname = $1', values: [extension] },
    options,
  );
  return rows.length > 0;
}

export async function readAccessMethod(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<string | null> {
  const source = tableSource({ isPracticeEmulator: await isEmulator(reader, options) });
  const row = await readOfTable<{ readonly method: string | null }>(
    reader,
    table,
    `${source.accessMethod} AS method`,
    [],
    options,
  );
  return row?.method ?? null;
}

/** Tables that share the table's colocation group, partitions left out. */
export async function readColocated(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<readonly TableName[]> {
  return reader.read<TableName>(
    {
      text: `SELECT n.nspname AS schema, c.relname AS name
  FROM pg_dist_partition p
  JOIN pg_dist_partition o ON o.colocationid = p.colocationid AND o.logicalrelid <> p.logicalrelid
  JOIN pg_catalog.pg_class c ON c.oid = o.logicalrelid AND NOT c.relispartition
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE p.logicalrelid = to_regclass($1) AND p.colocationid <> 0
 ORDER BY 1, 2`,
      values: [qualified(table)],
    },
    options,
  );
}

export interface SchemaState {
  readonly exists: boolean;
  readonly isDistributed: boolean;
  /** Nodes that hold a shard of its tables. */
  readonly nodeIds: readonly number[];
}

export async function readSchemaState(
  reader: Reader,
  schema: string,
  options?: StatementOptions,
): Promise<SchemaState> {
  const rows = await reader.read<SchemaState>(
    {
      text: `SELECT true AS exists, s.schemaid IS NOT NULL AS "isDistributed",
       coalesce((SELECT array_agg(DISTINCT d.nodeid) FROM pg_dist_partition p
          JOIN pg_dist_shard h ON h.logicalrelid = p.logicalrelid
          JOIN pg_dist_placement l ON l.shardid = h.shardid
          JOIN pg_dist_node d ON d.groupid = l.groupid AND d.noderole = 'primary'
         WHERE s.colocationid <> 0 AND p.colocationid = s.colocationid), '{}') AS "nodeIds"
  FROM pg_catalog.pg_namespace n LEFT JOIN pg_dist_schema s ON s.schemaid = n.oid
 WHERE n.nspname = $1`,
      values: [schema],
    },
    options,
  );
  return rows[0] ?? { exists: false, isDistributed: false, nodeIds: [] };
}

export interface ShardRange {
  /** int8 as text. */
  readonly shardId: string;
  readonly minValue: number;
  readonly maxValue: number;
  readonly nodeId: number;
}

/** Hash ranges of a table in their order, and where each lies. */
export function readShardRanges(
  reader: Reader,
  table: TableName,
  options?: StatementOptions,
): Promise<readonly ShardRange[]> {
  return reader.read<ShardRange>(
    { text: `${rangesText} ORDER BY h.shardminvalue::int`, values: [qualified(table)] },
    options,
  );
}

/** The shard that a value of the distribution column belongs to. Reads metadata only. */
export async function readShardOfValue(
  reader: Reader,
  table: TableName,
  value: string,
  options?: StatementOptions,
): Promise<ShardRange | null> {
  const rows = await reader.read<ShardRange>(
    {
      text: `${rangesText} AND h.shardid = get_shard_id_for_distribution_column($1, $2::text)`,
      values: [qualified(table), value],
    },
    options,
  );
  return rows[0] ?? null;
}

const rangesText = `SELECT h.shardid::text AS "shardId", h.shardminvalue::int AS "minValue",
       h.shardmaxvalue::int AS "maxValue", d.nodeid AS "nodeId"
  FROM pg_dist_shard h
  JOIN pg_dist_placement l ON l.shardid = h.shardid
  JOIN pg_dist_node d ON d.groupid = l.groupid AND d.noderole = 'primary'
 WHERE h.logicalrelid = to_regclass($1) AND h.shardminvalue IS NOT NULL`;

/** Ranges without a partition between two moments. */
export async function readMissingPartitions(
  reader: Reader,
  table: TableName,
  wanted: { readonly interval: string; readonly from: string; readonly to: string },
  options?: StatementOptions,
): Promise<readonly { readonly name: string; readonly from: string; readonly to: string }[]> {
  return reader.read(
    {
      text: `SELECT partition_name AS name, range_from_value AS from, range_to_value AS to
  FROM get_missing_time_partition_ranges($1, $2::interval, $3::timestamptz, $4::timestamptz)`,
      values: [qualified(table), wanted.interval, wanted.to, wanted.from],
    },
    options,
  );
}

export interface TimePartition extends TableName {
  readonly from: string;
  readonly to: string;
}

/** Partitions whose whole range lies before a moment. */
export function readOldPartitions(
  reader: Reader,
  table: TableName,
  olderThan: string,
  options?: StatementOptions,
): Promise<readonly TimePartition[]> {
  return reader.read<TimePartition>(
    {
      text: `SELECT n.nspname AS schema, c.relname AS name, t.from_value AS from, t.to_value AS to
  FROM time_partitions t
  JOIN pg_catalog.pg_class c ON c.oid = t.partition
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.parent_table = to_regclass($1)
   AND CASE WHEN t.to_value ~ '^[0-9]{4,}-' THEN t.to_value::timestamptz <= $2::timestamptz ELSE false END
 ORDER BY t.from_value`,
      values: [qualified(table), olderThan],
    },
    options,
  );
}

/** Free bytes of the file system of the coordinator's data, and of each node's by its id; absent where it is not known. */
export interface DiskSpace {
  readonly coordinator: number | null;
  readonly byNode: Readonly<Record<number, number>>;
}

export async function readDiskSpace(reader: Reader, options?: StatementOptions): Promise<DiskSpace> {
  const [own] = await reader.read<{ readonly free: string }>(
    { text: 'SELECT available_disk_size::text AS free FROM citus_local_disk_space_stats()' },
    options,
  );
  const rows = await reader.read<{ readonly nodeId: number; readonly free: string }>(
    {
      text: `SELECT nodeid AS "nodeId", result AS free
  FROM run_command_on_all_nodes('SELECT available_disk_size FROM citus_local_disk_space_stats()') WHERE success`,
    },
    options,
  );
  return {
    coordinator: own ? Number(own.free) : null,
    byNode: Object.fromEntries(
      rows.map((row) => [row.nodeId, Number(row.free)] as const).filter(([, free]) => Number.isFinite(free)),
    ),
  };
}

/** Tables of a schema, partitions left out. */
export function readTablesOfSchema(
  reader: Reader,
  schema: string,
  options?: StatementOptions,
): Promise<readonly TableName[]> {
  return reader.read<TableName>(
    {
      text: `SELECT n.nspname AS schema, c.relname AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY c.relname`,
      values: [schema],
    },
    options,
  );
}

/** Names of the table access methods of the server. */
export async function readAccessMethods(
  reader: Reader,
  options?: StatementOptions,
): Promise<readonly string[]> {
  const rows = await reader.read<{ readonly name: string }>(
    { text: `SELECT amname AS name FROM pg_catalog.pg_am WHERE amtype = 't' ORDER BY 1` },
    options,
  );
  return rows.map((row) => row.name);
}
