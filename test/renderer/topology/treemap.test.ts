import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mapShards } from '../../../src-renderer/topology/shard-groups';
import { sizeTables, squarify, tablesAtRisk, toTreemap } from '../../../src-renderer/topology/treemap';
import { makeCluster } from '../cluster-fixture';

const fixture = makeCluster({
  workers: 3,
  families: 2,
  tablesPerFamily: 3,
  shardCount: 6,
  referenceTables: 1,
});
const shards = mapShards(fixture.snapshot, fixture.sizes);

describe('squarify', () => {
  it('gives each its share of the area, inside the whole, none over another', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 10, max: 1200 }),
        fc.integer({ min: 10, max: 800 }),
        (values, width, height) => {
          const placed = squarify(values, (value) => value, { x: 0, y: 0, width, height });
          const total = values.reduce((sum, value) => sum + value, 0);
          expect(placed).toHaveLength(values.length);
          for (const { item, rect } of placed) {
            expect(rect.width * rect.height).toBeCloseTo((item / total) * width * height, 3);
            expect(rect.x).toBeGreaterThanOrEqual(-1e-6);
            expect(rect.x + rect.width).toBeLessThanOrEqual(width + 1e-6);
            expect(rect.y + rect.height).toBeLessThanOrEqual(height + 1e-6);
          }
          for (const [index, { rect }] of placed.entries()) {
            for (const { rect: other } of placed.slice(index + 1)) {
              const overlapX =
                Math.min(rect.x + rect.width, other.x + other.width) - Math.max(rect.x, other.x);
              const overlapY =
                Math.min(rect.y + rect.height, other.y + other.height) - Math.max(rect.y, other.y);
              expect(overlapX > 1e-6 && overlapY > 1e-6).toBe(false);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('draws nothing for what has no size, or where there is no room', () => {
    expect(squarify([0, 0], (value) => value, { x: 0, y: 0, width: 10, height: 10 })).toEqual([]);
    expect(squarify([1], (value) => value, { x: 0, y: 0, width: 0, height: 10 })).toEqual([]);
  });
});

describe('the treemap', () => {
  it('counts all copies of a table: what it takes on all disks together', () => {
    const sum = sizeTables(shards, fixture.sizes).reduce((total, size) => total + (size.bytes ?? NaN), 0);
    expect(sum).toBe([...shards.nodes.values()].reduce((total, node) => total + node.bytes, 0));
  });

  it('draws each table inside of its colocation group', () => {
    const { families } = toTreemap(sizeTables(shards, fixture.sizes), shards.families, 'bytes', 900, 600);
    expect(families.flatMap((family) => family.tables)).toHaveLength(shards.tables.size);
    for (const family of families) {
      for (const table of family.tables) {
        expect(table.x).toBeGreaterThanOrEqual(family.x - 1e-6);
        expect(table.y + table.height).toBeLessThanOrEqual(family.y + family.height + 1e-6);
        expect(family.family.tableOids).toContain(table.size.table.oid);
      }
    }
  });

  it('names what is empty and what has no known size instead of drawing it', () => {
    const [oid, other] = [16_400, 16_401];
    const shardBytes = Object.fromEntries(
      fixture.snapshot.shards.flatMap((shard) =>
        shard.tableOid === oid
          ? []
          : [[shard.shardId, shard.tableOid === other ? 0 : (fixture.sizes.shardBytes[shard.shardId] ?? 0)]],
      ),
    );
    const sizes = sizeTables(shards, { ...fixture.sizes, shardBytes });
    const treemap = toTreemap(sizes, shards.families, 'bytes', 900, 600);
    expect(treemap.unsized.map((size) => size.table.oid)).toEqual([oid]);
    expect(treemap.empty.map((size) => size.table.oid)).toEqual([other]);
    // By shards both have an area.
    expect(toTreemap(sizes, shards.families, 'shards', 900, 600).unsized).toEqual([]);
  });

  it('knows the tables that a failing node takes with it, and spares what has another copy', () => {
    const states = new Map([[2, { level: 'bad', word: 'unreachable', words: '', why: '' }]]) as never;
    const risk = tablesAtRisk(shards, fixture.snapshot.nodes, states);
    expect(risk.has(16_400)).toBe(true);
    expect(risk.has(18_000)).toBe(false);
    expect(tablesAtRisk(shards, fixture.snapshot.nodes, new Map()).size).toBe(0);
  });
});
