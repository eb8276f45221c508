// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import { h } from 'vue';
import BaseTable from '../../../src-renderer/ui/BaseTable.vue';

interface Row {
  readonly id: string;
  readonly bytes: number;
}

function mountTable(count: number) {
  return mount(BaseTable<Row>, {
    attachTo: document.body,
    props: {
      label: 'Nodes',
      selectable: true,
      rowKey: (row: Row) => row.id,
      columns: [
        { id: 'id', label: 'Node', value: (row: Row) => row.id },
        { id: 'bytes', label: 'Bytes', value: (row: Row) => row.bytes, align: 'end' as const },
      ],
      rows: Array.from({ length: count }, (_, index) => ({ id: `n${index}`, bytes: (index * 7) % count })),
    },
    slots: { empty: () => h('p', 'No nodes') },
  });
}

describe('BaseTable', () => {
  it('sorts by a click on a head and says so', async () => {
    const table = mountTable(5);
    const head = table.findAll('th')[1];
    await head?.find('button').trigger('click');
    expect(head?.attributes('aria-sort')).toBe('ascending');
    expect(table.findAll('tbody td:first-child').map((cell) => cell.text())).toEqual([
      'n0',
      'n3',
      'n1',
      'n4',
      'n2',
    ]);
    expect(table.vm.toCsv().split('\r\n').slice(0, 3)).toEqual(['Node,Bytes', 'n0,0', 'n3,1']);
    table.unmount();
  });

  it('is reached by Tab once, moved through by arrows, selected by Enter and opened by a second', async () => {
    const table = mountTable(5);
    const rows = () => table.findAll('tbody tr');
    expect(rows().map((row) => row.attributes('tabindex'))).toEqual(['0', '-1', '-1', '-1', '-1']);
    await rows()[0]?.trigger('keydown', { key: 'End' });
    await expect.poll(() => document.activeElement?.getAttribute('aria-rowindex')).toBe('6');
    expect(rows()[4]?.attributes('tabindex')).toBe('0');
    await rows()[4]?.trigger('keydown', { key: 'Enter' });
    expect(table.emitted('update:selected')).toEqual([['n4']]);
    expect(rows()[4]?.attributes('aria-selected')).toBe('true');
    expect(table.emitted('open')).toBeUndefined();
    await rows()[4]?.trigger('keydown', { key: 'Enter' });
    expect(table.emitted('open')).toEqual([[{ id: 'n4', bytes: 3 }]]);
    table.unmount();
  });

  it('draws a part of many rows and tells how many there are', () => {
    const table = mountTable(5000);
    expect(table.findAll('tbody tr.row').length).toBeLessThan(60);
    expect(table.find('table').attributes('aria-rowcount')).toBe('5001');
    table.unmount();
  });

  it('shows its empty slot instead of nothing', () => {
    const table = mountTable(0);
    expect(table.text()).toContain('No nodes');
    table.unmount();
  });
});
