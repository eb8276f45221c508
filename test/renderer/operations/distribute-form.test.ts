import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterSnapshot, TableColumn, TableDescription } from '../../../src-main/contract/cluster';
import { operationRequest } from '../../../src-main/contract/operations';
import {
  columnHint,
  emptyForm,
  formErrors,
  suggestedColumn,
  tableKey,
  tableOfKey,
  toRequest,
} from '../../../src-renderer/operations/distribute-form';

const column = (name: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name,
  type: 'bigint',
  isNullable: false,
  isGenerated: false,
  isIdentity: false,
  isHashable: true,
  distinctEstimate: null,
  nullFraction: null,
  ...more,
});

const table = (more: Partial<TableDescription>): TableDescription => ({
  oid: 1,
  schema: 'public',
  name: 'permits',
  bytes: 0,
  rowEstimate: -1,
  isPartitioned: false,
  owner: 'o',
  columns: [],
  constraints: [],
  referencedBy: [],
  uniqueIndexes: [],
  triggers: [],
  relationKind: 'table',
  isTemporary: false,
  isPartition: false,
  citusType: null,
  ...more,
});

describe('tableKey', () => {
  it('is read back whatever the names hold', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (schema, name) => {
        expect(tableOfKey(tableKey({ schema, name }))).toEqual({ schema, name });
      }),
    );
  });

  it.each(['', 'default', 'none', '7', '{}', '[1,2]'])('takes %j for no table', (key) => {
    expect(tableOfKey(key)).toBeNull();
  });
});

describe('toRequest', () => {
  const target = { schema: 'select', name: '"; drop table x; --' };

  it.each([
    [
      { ...emptyForm, column: 'a' },
      { type: 'hash', column: 'a', shardCount: null, colocateWith: 'default' },
    ],
    [
      { ...emptyForm, column: 'a', shardCount: ' 8 ', colocateWith: 'none' },
      { type: 'hash', column: 'a', shardCount: 8, colocateWith: 'none' },
    ],
    [
      { ...emptyForm, column: 'a', shardCount: '8', colocateWith: tableKey(target) },
      { type: 'hash', column: 'a', shardCount: null, colocateWith: target },
    ],
    [{ ...emptyForm, type: 'reference' as const }, { type: 'reference' }],
    [{ ...emptyForm, type: 'local' as const }, { type: 'local' }],
  ])('%j becomes %j, which main accepts', (form, as) => {
    const request = toRequest(target, form);
    expect(request.as).toEqual(as);
    expect(operationRequest.safeParse(request).success).toBe(true);
  });
});

describe('formErrors', () => {
  it.each([
    ['0', true],
    ['64001', true],
    ['8.5', true],
    ['', false],
    ['64000', false],
  ])('shard count %j is wrong: %s', (shardCount, isWrong) => {
    expect(formErrors({ ...emptyForm, column: 'a', shardCount }).shardCount !== null).toBe(isWrong);
  });

  it('asks for a column only where there is a choice of one', () => {
    expect(formErrors(emptyForm).column).not.toBeNull();
    expect(formErrors({ ...emptyForm, type: 'reference' }).column).toBeNull();
  });
});

describe('suggestedColumn', () => {
  const primaryKey = (columns: readonly string[]) => ({
    name: 'pk',
    type: 'primary-key' as const,
    columns,
    references: null,
    definition: '',
  });

  it('takes a column that every key holds before one that comes first', () => {
    const described = table({
      columns: [column('note'), column('agency_id'), column('permit_id')],
      constraints: [primaryKey(['agency_id', 'permit_id'])],
      uniqueIndexes: [{ name: 'u', columns: ['agency_id', 'note'] }],
    });
    expect(suggestedColumn(described, undefined)).toBe('agency_id');
  });

  it('prefers among them what the cluster distributes by already', () => {
    const described = table({
      columns: [column('permit_id'), column('agency_id')],
      constraints: [primaryKey(['agency_id', 'permit_id'])],
    });
    const snapshot = { tables: [{ distributionColumn: 'agency_id' }] } as unknown as ClusterSnapshot;
    expect(suggestedColumn(described, snapshot)).toBe('agency_id');
  });

  it('never suggests what cannot be distributed by', () => {
    const described = table({
      columns: [column('doc', { isHashable: false }), column('g', { isGenerated: true })],
    });
    expect(suggestedColumn(described, undefined)).toBe('');
  });
});

describe('columnHint', () => {
  it.each([
    [column('a', { isHashable: false }), 'its type has no hash operator class'],
    [column('a', { distinctEstimate: -0.5 }), 'distinct: 50 % of the rows'],
    [column('a', { distinctEstimate: 40, nullFraction: 0.25 }), 'about 40 distinct values, 25 % NULL'],
    [column('a', { type: 'date' }), 'times rarely distribute well'],
    [column('a'), ''],
  ])('%j: %s', (given, words) => {
    expect(columnHint(given)).toBe(words);
  });
});
