/**
 * The one place where reading the practice emulator differs from reading Citus.
 *
 * The emulator builds a distributed table as a partitioned table of foreign tables, and PostgreSQL refuses keys on
 * such a table. So it keeps them on a twin (pg_citus_practice.shell.twinid) and lists them in
 * citus_practice_keys and citus_practice_indexes, as resources/practice/citus/10-catalogs.sql says.
 */
import type { CatalogFacts } from './capabilities';

export interface TableSource {
  /** Joined after `pg_class c`; brings the row `k` of pg_class that carries keys and replica identity. */
  readonly joins: string;
  /** Boolean: a person partitioned it. */
  readonly isPartitioned: string;
  /** Name of the access method, or NULL. Needs `pg_am a` on c.relam. */
  readonly accessMethod: string;
  /** `relkind` as it would be on Citus. */
  readonly kind: string;
}

const citusTables: TableSource = {
  joins: 'JOIN pg_catalog.pg_class k ON k.oid = c.oid',
  isPartitioned: `c.relkind = 'p'`,
  accessMethod: 'a.amname',
  kind: 'c.relkind',
};

const practiceTables: TableSource = {
  joins: `
    LEFT JOIN pg_citus_practice.shell h ON h.relid = c.oid
    JOIN pg_catalog.pg_class k ON k.oid = coalesce(h.twinid, c.oid)`,
  isPartitioned: `coalesce(h.shape = 'p', c.relkind = 'p')`,
  accessMethod: `coalesce(a.amname, CASE WHEN h.shape <> 'p' THEN h.accessmethod END)`,
  kind: `CASE WHEN h.shape = 'p' THEN 'p'::"char" WHEN h.relid IS NOT NULL THEN 'r'::"char" ELSE c.relkind END`,
};

export function tableSource(catalog: Pick<CatalogFacts, 'isPracticeEmulator'>): TableSource {
  return catalog.isPracticeEmulator ? practiceTables : citusTables;
}

/** Scalar subqueries, each JSON text, over the rows `c` (the table) and `k` (where its keys are) of `TableSource`. */
export interface KeySource {
  /** `TableConstraint[]` */
  readonly constraints: string;
  /** `TableDescription['referencedBy']` */
  readonly referencedBy: string;
  /** `TableDescription['uniqueIndexes']`: those that are not a constraint's own. */
  readonly uniqueIndexes: string;
}

const namesOf = (relation: string, numbers: string): string => `
  (SELECT coalesce(json_agg(a.attname ORDER BY q.position), '[]')
     FROM unnest(${numbers}) WITH ORDINALITY q (attnum, position)
     JOIN pg_catalog.pg_attribute a ON a.attrelid = ${relation} AND a.attnum = q.attnum)`;

const constraintType = `
  CASE o.contype WHEN 'p' THEN 'primary-key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion'
                 WHEN 'f' THEN 'foreign-key' ELSE 'check' END`;

/** What stands for a relation that a constraint names: on Citus the relation itself. */
export interface KeyNames {
  /** The relation that people see behind an oid of pg_constraint. */
  readonly shown: (oid: string) => string;
  readonly definition: string;
}

const citusNames: KeyNames = {
  shown: (oid) => oid,
  definition: 'pg_catalog.pg_get_constraintdef(o.oid)',
};

const practiceNames: KeyNames = {
  shown: (oid) => `coalesce((SELECT m.relid FROM pg_citus_practice.shell m WHERE m.twinid = ${oid}), ${oid})`,
  definition: `coalesce((SELECT d.definition FROM pg_catalog.citus_practice_keys d WHERE d.constraint_oid = o.oid),
                        pg_catalog.pg_get_constraintdef(o.oid))`,
};

/** For a row `o` of pg_constraint. */
export function keyNames(catalog: Pick<CatalogFacts, 'isPracticeEmulator'>): KeyNames {
  return catalog.isPracticeEmulator ? practiceNames : citusNames;
}

export function keySource(catalog: CatalogFacts): KeySource {
  const names = keyNames(catalog);
  return {
    // A partitioned table's foreign keys appear once more for each of its partitions; those have a parent.
    constraints: `
  (SELECT coalesce(json_agg(json_build_object(
            'name', o.conname, 'type', ${constraintType},
            'columns', ${namesOf('o.conrelid', 'o.conkey')},
            'references', CASE WHEN o.contype = 'f' THEN json_build_object(
               'schema', rn.nspname, 'name', r.relname, 'columns', ${namesOf('o.confrelid', 'o.confkey')}) END,
            'definition', ${names.definition}) ORDER BY o.conname), '[]')::text
     FROM pg_catalog.pg_constraint o
     LEFT JOIN pg_catalog.pg_class r ON o.contype = 'f' AND r.oid = ${names.shown('o.confrelid')}
     LEFT JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    WHERE o.conrelid = k.oid AND o.contype IN ('p', 'u', 'x', 'f', 'c')
      AND NOT (o.contype = 'f' AND o.conparentid <> 0 AND NOT c.relispartition))`,
    referencedBy: `
  (SELECT coalesce(json_agg(json_build_object(
            'schema', rn.nspname, 'name', r.relname, 'constraint', o.conname)
            ORDER BY rn.nspname, r.relname, o.conname), '[]')::text
     FROM pg_catalog.pg_constraint o
     JOIN pg_catalog.pg_class r ON r.oid = ${names.shown('o.conrelid')}
     JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    WHERE o.confrelid = k.oid AND o.contype = 'f' AND o.conparentid = 0)`,
    uniqueIndexes: `
  (SELECT coalesce(json_agg(json_build_object('name', x.relname, 'columns',
            (SELECT json_agg(coalesce(a.attname, pg_catalog.pg_get_indexdef(i.indexrelid, q.position, true))
                             ORDER BY q.position)
               FROM generate_series(1, i.indnkeyatts) q (position)
               LEFT JOIN pg_catalog.pg_attribute a
                 ON a.attrelid = i.indrelid AND a.attnum = i.indkey[q.position - 1] AND a.attnum <> 0))
            ORDER BY x.relname), '[]')::text
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    WHERE i.indrelid = k.oid AND i.indisunique
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
                       WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')))`,
  };
}

/** Finds out whether `localCopyBytes.practice` can be asked. */
export const hasPracticeLocalCopies = `to_regprocedure('pg_catalog.citus_practice_local_data_size(regclass)') IS NOT NULL`;

/** SQL, by row `c` of pg_class: bytes that a distributed table's rows of before still take on the coordinator. */
export const localCopyBytes = {
  citus: `
  (SELECT coalesce(sum(pg_catalog.pg_relation_size(t.oid)), 0)
     FROM (SELECT c.oid UNION ALL
           SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class part ON part.oid = i.inhrelid
            WHERE i.inhparent = c.oid AND part.relkind = 'r') AS t(oid))`,
  practice: `
  (SELECT coalesce(sum(pg_catalog.citus_practice_local_data_size(t.oid)), 0)
     FROM (SELECT c.oid UNION ALL
           SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid) AS t(oid))`,
} as const;
