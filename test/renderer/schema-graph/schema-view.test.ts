// @vitest-environment happy-dom
import { flushPromises } from '@vue/test-utils';
import { afterEach, describe, expect, it } from 'vitest';
import type { TableKeys } from '../../../src-main/contract/tables';
import SchemaGraphView from '../../../src-renderer/schema-graph/SchemaGraphView.vue';
import { useSchemaStore } from '../../../src-renderer/schema-graph/schema-store';
import { makeCluster, takenAt } from '../cluster-fixture';
import { button, mountView } from '../mount-view';
import type { Mounted } from '../mount-view';

const fixture = makeCluster({ workers: 2, families: 2, tablesPerFamily: 2, shardCount: 4 });
const [first, , other] = fixture.snapshot.tables;
const keys: TableKeys = {
  takenAt,
  foreignKeys: [
    {
      name: 'across',
      fromOid: other?.oid ?? 0,
      toOid: first?.oid ?? 0,
      columns: ['agency_id'],
      referencedColumns: ['agency_id'],
      columnTypes: ['bigint'],
      referencedTypes: ['bigint'],
      onDelete: 'cascade',
      onUpdate: 'no action',
      isValidated: true,
      definition: 'FOREIGN KEY (agency_id) REFERENCES permits(agency_id)',
    },
  ],
  onlineMoveFixes: {},
};
let mounted: Mounted | undefined;
afterEach(() => mounted?.end());

describe('SchemaGraphView', () => {
  it('lists groups, keys and problems in words, and explains the chosen one', async () => {
    mounted = await mountView(SchemaGraphView, {
      fixture,
      answers: { 'tables.keys': () => keys, 'tables.plain': () => [] },
    });
    useSchemaStore().view = 'list';
    await flushPromises();
    expect(mounted.wrapper.get('header').text()).toContain('1 foreign key, 1 problem');
    const row = mounted.wrapper.findAll('tbody tr.row').find((one) => one.text().includes('across'));
    expect(row?.text()).toContain('not colocated');
    await row?.trigger('click');
    const panel = mounted.wrapper.get('aside').text();
    expect(panel).toContain('Rows that refer to each other lie on different nodes');
    expect(panel).toContain('cascade');
  });

  it('shows a failed read as failed, not as a schema without keys, and tries again', async () => {
    mounted = await mountView(SchemaGraphView, { fixture, answers: { 'tables.plain': () => [] } });
    expect(mounted.wrapper.get('[role=alert]').text()).toContain('no answer for tables.keys');
    useSchemaStore().view = 'list';
    mounted.bridge.answer({ 'tables.keys': () => keys });
    await button(mounted.wrapper, 'Try again').trigger('click');
    await flushPromises();
    expect(mounted.wrapper.text()).toContain('across');
  });
});
