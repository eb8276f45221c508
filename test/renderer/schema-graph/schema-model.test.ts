import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlainTable } from '../../../src-main/contract/cluster';
import type { ForeignKey } from '../../../src-main/contract/tables';
import { toDrawing } from '../../../src-renderer/schema-graph/schema-elements';
import { layOut } from '../../../src-renderer/schema-graph/schema-layout';
import type { Placed } from '../../../src-renderer/schema-graph/schema-layout';
import { closedAtFirst, toSchema } from '../../../src-renderer/schema-graph/schema-model';
import { schemaRows } from '../../../src-renderer/schema-graph/schema-rows';
import type { Palette } from '../../../src-renderer/topology/palette';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { makeTable } from '../cluster-fixture';

const permits = makeTable(1, { name: 'permits', colocationId: 1 });
const inspections = makeTable(2, { name: 'inspections', colocationId: 1 });
const events = makeTable(3, { name: 'events', colocationId: 2 });
const kinds = makeTable(4, {
  name: 'kinds',
  type: 'reference',
  method: 'none',
  colocationId: 3,
  distributionColumn: null,
});
const holidays = makeTable(5, {
  name: 'holidays',
  type: 'local',
  method: 'none',
  colocationId: 0,
  distributionColumn: null,
});
const notes = makeTable(6, {
  schema: 'a',
  name: 'notes',
  type: 'schema',
  method: 'none',
  colocationId: 4,
  distributionColumn: null,
});
const tables = [permits, inspections, events, kinds, holidays, notes];
const shards = mapShards({ nodes: [], shards: [], colocationGroups: [], tables }, null);
const plain: PlainTable = {
  oid: 7,
  schema: 'public',
  name: 'payments',
  bytes: 0,
  rowEstimate: 0,
  isPartitioned: false,
  owner: 'postgres',
};

function keyOf(fromOid: number, toOid: number, change: Partial<ForeignKey> = {}): ForeignKey {
  return {
    name: `k${fromOid}_${toOid}`,
    fromOid,
    toOid,
    columns: ['agency_id', 'id'],
    referencedColumns: ['agency_id', 'id'],
    columnTypes: ['bigint', 'bigint'],
    referencedTypes: ['bigint', 'bigint'],
    onDelete: 'no action',
    onUpdate: 'no action',
    isValidated: true,
    definition: '',
    ...change,
  };
}
const problemOf = (key: ForeignKey) => toSchema(shards, [plain], [key]).edges[0]?.problem ?? null;

const palette: Palette = {
  panel: '#fff',
  raised: '#fff',
  line: '#ccc',
  ink1: '#000',
  ink2: '#333',
  ink3: '#666',
  accent: '#00f',
  accentSoft: '#eef',
  ok: '#0a0',
  mind: '#a60',
  bad: '#a00',
  busy: '#50a',
  busySoft: '#eef',
  mute: '#888',
  muteSoft: '#eee',
  groups: ['#1', '#2', '#3', '#4', '#5'],
  isContrast: false,
};

describe('judging foreign keys', () => {
  it.each<readonly [string, ForeignKey, string | null]>([
    ['colocated with the distribution column', keyOf(2, 1), null],
    ['to a reference table', keyOf(1, 4), null],
    ['from a sharded schema to a reference table', keyOf(6, 4), null],
    ['between local and reference tables', keyOf(5, 4), null],
    ['to itself', keyOf(4, 4), null],
    ['between plain tables', keyOf(7, 7), null],
    ['between colocation groups', keyOf(3, 1), 'not colocated'],
    ['between a sharded schema and a distributed table', keyOf(6, 1), 'not colocated'],
    ['from a reference table', keyOf(4, 1), 'from a reference table'],
    ['from a local table', keyOf(5, 1), 'from a local table'],
    ['from a plain table', keyOf(7, 1), 'from a local table'],
    ['to a local table', keyOf(1, 5), 'to a local table'],
    ['to a plain table', keyOf(1, 7), 'to a local table'],
    [
      'without the distribution column',
      keyOf(2, 1, { columns: ['id'], referencedColumns: ['id'] }),
      'without the distribution column',
    ],
    [
      'with the distribution column in another place',
      keyOf(2, 1, { columns: ['id', 'agency_id'] }),
      'without the distribution column',
    ],
    ['with differing types', keyOf(2, 1, { columnTypes: ['bigint', 'integer'] }), 'types differ'],
    ['not validated', keyOf(2, 1, { isValidated: false }), 'not validated'],
  ])('%s', (_name, key, title) => {
    expect(problemOf(key)?.title ?? null).toBe(title);
  });

  it('lists the worst first, and leaves out keys between what are no tables', () => {
    const model = toSchema(
      shards,
      [plain],
      [keyOf(2, 1, { isValidated: false }), keyOf(3, 1), keyOf(901, 902)],
    );
    expect(model.edges).toHaveLength(2);
    expect(model.problems.map(({ problem }) => problem?.level)).toEqual(['bad', 'mind']);
  });
});

describe('grouping', () => {
  it('has a group for each colocation group, one for local and one for plain tables; no partition', () => {
    const partition = makeTable(8, { name: 'events_01', parentOid: 3, colocationId: 2 });
    const map = mapShards(
      { nodes: [], shards: [], colocationGroups: [], tables: [...tables, partition] },
      null,
    );
    const model = toSchema(map, [plain], []);
    expect(model.groups.map((group) => [group.name, group.tables.map(({ label }) => label)])).toEqual([
      ['permits', ['inspections', 'permits']],
      ['events', ['events']],
      ['reference', ['kinds']],
      ['a', ['a.notes']],
      ['local, in metadata', ['holidays']],
      ['plain tables', ['payments']],
    ]);
  });

  it('puts many sharded schemas into one group, and closes the large ones', () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      makeTable(1000 + index, {
        schema: `s${index}`,
        type: 'schema',
        method: 'none',
        colocationId: 100 + index,
      }),
    );
    const map = mapShards(
      { nodes: [], shards: [], colocationGroups: [], tables: [...tables, ...many] },
      null,
    );
    const model = toSchema(map, [], []);
    expect(model.groups.length).toBeLessThan(10);
    // What is small stays open beside it.
    expect([...closedAtFirst(model)]).toEqual(['schema']);
    expect(closedAtFirst(toSchema(shards, [], [])).size).toBe(0);
  });
});

const isApart = (a: Placed, b: Placed): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe('layout', () => {
  it('stands tables above those that refer to them, whatever circles there are, and never one on another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        (pairs, aspectRatio) => {
          const members = Array.from({ length: 8 }, (_, index) =>
            makeTable(10 + index, { name: `t${index}`, colocationId: 1 + (index % 2) }),
          );
          const map = mapShards({ nodes: [], shards: [], colocationGroups: [], tables: members }, null);
          const model = toSchema(
            map,
            [],
            pairs.map(([from, to]) => keyOf(10 + from, 10 + to)),
          );
          const layout = layOut(model.groups, model.edges, new Set(), aspectRatio);
          const placed = [...layout.tables.values()];
          expect(placed).toHaveLength(8);
          placed.forEach((one, index) =>
            placed.slice(index + 1).forEach((other) => expect(isApart(one, other)).toBe(true)),
          );
          const groups = [...layout.groups.values()];
          groups.forEach((one, index) =>
            groups.slice(index + 1).forEach((other) => expect(isApart(one, other)).toBe(true)),
          );
        },
      ),
      { numRuns: 60 },
    );
    const model = toSchema(shards, [], [keyOf(2, 1)]);
    const { tables: at } = layOut(model.groups, model.edges, new Set(), 1.5);
    expect(at.get(1)?.y).toBeLessThan(at.get(2)?.y ?? 0);
  });
});

describe('drawing', () => {
  const model = toSchema(shards, [plain], [keyOf(2, 1), keyOf(1, 4), keyOf(3, 1)]);
  const view = { closed: new Set<string>(), selection: null, palette, aspectRatio: 1.5 };

  it('draws parents before their tables, and every edge between elements that are drawn', () => {
    for (const closed of [new Set<string>(), new Set(model.groups.map(({ key }) => key)), new Set(['c1'])]) {
      const { elements } = toDrawing(model, { ...view, closed });
      const ids = elements.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      elements.forEach(({ data }, index) => {
        for (const end of ['parent', 'source', 'target']) {
          if (data[end] !== undefined) expect(ids.slice(0, index)).toContain(data[end]);
        }
      });
    }
  });

  it('keeps what is wrong in sight when its groups are closed, with the count of keys', () => {
    const closed = new Set(model.groups.map(({ key }) => key));
    const edges = toDrawing(model, { ...view, closed }).elements.filter(({ group }) => group === 'edges');
    expect(edges.map(({ classes, data }) => [classes, data['text']])).toEqual([
      ['key fine', ''],
      ['key bad', '■ not colocated'],
    ]);
    const more = toSchema(shards, [], [keyOf(3, 1), keyOf(3, 2), keyOf(2, 1, { isValidated: false })]);
    const texts = toDrawing(more, { ...view, closed })
      .elements.filter(({ group }) => group === 'edges')
      .map(({ data }) => data['text']);
    expect(texts).toEqual(['2 keys, ■ not colocated', '▲ not validated']);
  });

  it('puts out what has nothing to do with the selected table, except problems', () => {
    const { elements } = toDrawing(model, { ...view, selection: { type: 'table', oid: 4 } });
    const classesOf = (id: string) => elements.find((element) => element.id === id)?.classes;
    expect(classesOf('t:4')).toBe('table reference selected');
    expect(classesOf('t:1')).toBe('table distributed');
    expect(classesOf('t:2')).toBe('table distributed faded');
    expect(classesOf('e:3:k3_1')).toBe('key bad faded');
  });

  it('says the same as a list', () => {
    const rows = schemaRows(model, '');
    expect(rows.filter(({ parentKey }) => parentKey === null)).toHaveLength(model.tables.size);
    expect(rows.filter(({ problem }) => problem !== null).map(({ name }) => name)).toEqual(['k3_1']);
    expect(schemaRows(model, 'insp').map(({ name }) => name)).toEqual(['inspections', 'k2_1']);
  });
});
