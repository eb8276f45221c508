// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import type { ForeignKey } from '../../../src-main/contract/tables';
import { toSchema } from '../../../src-renderer/schema-graph/schema-model';
import { drawnSchema, framedSchema, schemaPicture } from '../../../src-renderer/schema-graph/schema-picture';
import { graphSvg } from '../../../src-renderer/topology/graph-svg';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeTable } from '../cluster-fixture';
import { palette } from '../topology/palette-fixture';

const names = ['permits', 'inspections', 'events', 'agencies <&>'];
const tables = names.map((name, index) => makeTable(index + 1, { name, colocationId: index === 2 ? 2 : 1 }));
const key = (fromOid: number, toOid: number): ForeignKey => ({
  name: `k${fromOid}_${toOid}`,
  fromOid,
  toOid,
  columns: ['agency_id'],
  referencedColumns: ['agency_id'],
  columnTypes: ['bigint'],
  referencedTypes: ['bigint'],
  onDelete: 'no action',
  onUpdate: 'no action',
  isValidated: true,
  definition: '',
});
const shards = mapShards({ nodes: [], shards: [], colocationGroups: [], tables }, null);
// Inside a group, across groups (which cannot be checked), and to itself.
const model = toSchema(shards, [], [key(2, 1), key(3, 1), key(4, 4)]);

function svgOf(closed: ReadonlySet<string>) {
  const drawing = drawnSchema(model, closed, palette);
  const picture = schemaPicture(model, drawing, palette, { title: 'A & B', time: '2026-03-01 12:00:00' });
  const text = graphSvg(framedSchema(drawing, picture, palette), picture);
  return { text, svg: new DOMParser().parseFromString(text, 'image/svg+xml') };
}

describe('the schema graph as SVG', () => {
  it('is well formed and holds every table, every key and what is wrong', () => {
    const { text, svg } = svgOf(new Set());
    expect(svg.querySelector('parsererror')).toBeNull();
    const written = [...svg.querySelectorAll('text')].map((one) => one.textContent);
    for (const name of names) expect(written).toContain(name);
    expect(written).toContain('A & B');
    expect(written).toContain('2026-03-01 12:00:00 · 4 tables, 3 foreign keys, 1 problem');
    expect(written.filter((one) => one?.includes('not colocated'))).toHaveLength(1);
    // A line and an arrow for each key.
    expect(svg.querySelectorAll('g path')).toHaveLength(6);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('draws closed groups closed, with the keys between them', () => {
    const { svg, text } = svgOf(new Set(model.groups.map((group) => group.key)));
    const written = [...svg.querySelectorAll('text')].map((one) => one.textContent);
    expect(written).not.toContain('inspections');
    expect(written).toContain('3 tables');
    expect(svg.querySelectorAll('g path')).toHaveLength(2);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});
