/** Schemas that nobody wrote: tenants, tables that reach them by keys of every kind, schemas that are built alike. */
import fc from 'fast-check';

interface Child {
  readonly parent: number | null;
  /** How it holds the tenant: in its key, as a plain column, or only over its parent. */
  readonly holds: 'in-key' | 'as-column' | 'not';
  readonly type: 'bigint' | 'integer';
  readonly hasNaturalKey: boolean;
  readonly pointsToList: boolean;
  readonly hasTrigger: boolean;
  readonly action: 'NO ACTION' | 'CASCADE' | 'SET NULL';
  readonly disagrees: boolean;
  readonly pointsToItself: boolean;
}

const child = fc.record<Child>({
  parent: fc.option(fc.nat(5), { nil: null }),
  holds: fc.constantFrom('in-key', 'as-column', 'not'),
  type: fc.constantFrom('bigint', 'bigint', 'integer'),
  hasNaturalKey: fc.boolean(),
  pointsToList: fc.boolean(),
  hasTrigger: fc.boolean(),
  action: fc.constantFrom('NO ACTION', 'NO ACTION', 'CASCADE', 'SET NULL'),
  disagrees: fc.boolean(),
  pointsToItself: fc.boolean(),
});

export interface AdvisedSchema {
  readonly children: readonly Child[];
  /** Beside them schemas that are built alike, one a tenant. */
  readonly tenantSchemas: boolean;
}

export const advisedSchema = fc.record<AdvisedSchema>({
  children: fc.array(child, { minLength: 1, maxLength: 5 }),
  tenantSchemas: fc.boolean(),
});

const tenantSchemaNames = ['tenant_a', 'tenant_b', 'tenant_c'] as const;

export const dropSql = ['advised', ...tenantSchemaNames]
  .toReversed()
  .map((schema) => `DROP SCHEMA IF EXISTS ${schema} CASCADE`);

/** Tenants, a list, and tables below them: keys of every kind that the advisor has to deal with. */
export function createSql({ children, tenantSchemas }: AdvisedSchema): readonly string[] {
  const statements = [
    'CREATE SCHEMA advised',
    'SET search_path = advised, public',
    'CREATE TABLE tenants (tenant_id bigint PRIMARY KEY, title text UNIQUE)',
    `INSERT INTO tenants SELECT i, 'tenant ' || i FROM generate_series(1, 40) i`,
    'CREATE TABLE list (code text PRIMARY KEY, title text)',
    `INSERT INTO list SELECT 'c' || i, 'title' FROM generate_series(1, 5) i`,
    'CREATE TABLE alone (day date PRIMARY KEY, title text)',
  ];
  children.forEach((one, index) => {
    const parent = one.parent !== null && one.parent < index ? one.parent : null;
    const name = `child_${index}`;
    const hasTenant = one.holds !== 'not';
    const columns = [
      'id bigint GENERATED ALWAYS AS IDENTITY',
      ...(hasTenant ? [`tenant_id ${one.type} NOT NULL REFERENCES tenants`] : []),
      ...(one.hasNaturalKey ? ['number text UNIQUE'] : []),
      `code text ${one.pointsToList ? 'REFERENCES list' : ''}`,
      ...(parent === null
        ? []
        : [
            `parent_id bigint ${one.action === 'SET NULL' ? '' : 'NOT NULL'} REFERENCES child_${parent} (id) ON DELETE ${one.action}`,
          ]),
      ...(one.pointsToItself ? [`before_id bigint REFERENCES ${name} (id)`] : []),
      'filler text',
      'UNIQUE (id)',
      ...(one.holds === 'in-key' ? ['PRIMARY KEY (tenant_id, id)'] : ['PRIMARY KEY (id)']),
    ];
    statements.push(`CREATE TABLE ${name} (${columns.join(', ')})`);
    const parentTenant =
      parent !== null && children[parent]?.holds !== 'not'
        ? one.disagrees
          ? `1 + (p.tenant_id + p.id) % 40`
          : 'p.tenant_id'
        : '1 + i % 40';
    const from =
      parent === null ? 'generate_series(1, 200) i' : `child_${parent} p, LATERAL (SELECT p.id AS i) counted`;
    const named = [
      ...(hasTenant ? ['tenant_id'] : []),
      ...(one.hasNaturalKey ? ['number'] : []),
      'code',
      ...(parent === null ? [] : ['parent_id']),
      'filler',
    ];
    const values = [
      ...(hasTenant ? [parentTenant] : []),
      ...(one.hasNaturalKey ? [`'n' || i`] : []),
      `'c' || 1 + i % 5`,
      ...(parent === null ? [] : ['p.id']),
      `repeat('x', 300)`,
    ];
    statements.push(`INSERT INTO ${name} (${named.join(', ')}) SELECT ${values.join(', ')} FROM ${from}`);
    if (one.hasTrigger) {
      statements.push(
        `CREATE FUNCTION ${name}_touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
        `CREATE TRIGGER ${name}_touched BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION ${name}_touch()`,
      );
    }
  });
  for (const schema of tenantSchemas ? tenantSchemaNames : []) {
    statements.push(
      `CREATE SCHEMA ${schema}`,
      `CREATE TABLE ${schema}.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text REFERENCES list, note text)`,
      `CREATE TABLE ${schema}.lines (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint NOT NULL REFERENCES ${schema}.orders)`,
      `INSERT INTO ${schema}.orders (code, note) SELECT 'c' || 1 + i % 5, repeat('x', 300) FROM generate_series(1, 100) i`,
      `INSERT INTO ${schema}.lines (order_id) SELECT id FROM ${schema}.orders`,
    );
  }
  return [...statements, 'ANALYZE', 'RESET search_path'];
}
