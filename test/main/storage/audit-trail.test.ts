import { appendFile, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditHash, createAuditTrail, verifyFile } from '../../../src-main/storage/audit-trail';
import type { AuditLine, AuditTrail } from '../../../src-main/storage/audit-trail';
import type { AuditEntry } from '../../../src-main/contract/audit';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  path = join(folder, 'audit.jsonl');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function line(number: number, clusterId = 'c1'): AuditLine {
  return {
    clusterId,
    clusterName: 'permits',
    node: 'db-c1:5432',
    statement: `SELECT citus_add_node('w${number}', 5432)`,
    outcome: number % 2 === 0 ? 'started' : 'succeeded',
    result: 'Zürich ✓',
    operationId: null,
  };
}

async function trailOf(count: number): Promise<AuditTrail> {
  const trail = await openTrail();
  await Promise.all(Array.from({ length: count }, (_, index) => trail.append(line(index + 1))));
  return trail;
}

function openTrail(): Promise<AuditTrail> {
  return createAuditTrail({ folder, person: 'dba', now: () => new Date('2026-05-04T03:02:01Z') });
}

describe('the audit trail', () => {
  it('chains lines that are appended at the same moment', async () => {
    const trail = await trailOf(50);
    const { entries, total } = await trail.list({ clusterId: null, offset: 0, limit: 100 });
    expect(total).toBe(50);
    expect(entries.map((entry) => entry.sequence)).toEqual(
      Array.from({ length: 50 }, (_, index) => 50 - index),
    );
    expect(await trail.verify()).toEqual({ outcome: 'intact', entries: 50, lastHash: entries[0]?.hash });
    await trail.close();
  });

  it('goes on from the last line after it was closed', async () => {
    await (await trailOf(3)).close();
    const trail = await openTrail();
    const entry = await trail.append(line(4));
    expect(entry.sequence).toBe(4);
    expect((await trail.verify()).outcome).toBe('intact');
    await trail.close();
  });

  it('keeps passwords out of statements and results', async () => {
    const trail = await openTrail();
    await trail.append({
      ...line(1),
      statement: `ALTER ROLE app PASSWORD 'geheim'`,
      result: 'postgres://app:geheim@db-c1/app',
    });
    await trail.close();
    expect(await readFile(path, 'utf8')).not.toContain('geheim');
  });

  it('keeps a statement in one line, whatever separators stand in it', async () => {
    const trail = await openTrail();
    const statement = 'SELECT 1 \u2028 \u2029 \u0085 \r\n \n --';
    await trail.append({ ...line(1), statement });
    await trail.append(line(2));
    expect(await trail.verify()).toMatchObject({ outcome: 'intact', entries: 2 });
    await trail.close();
    const again = await openTrail();
    expect((await again.list({ clusterId: null, offset: 1, limit: 1 })).entries[0]?.statement).toBe(
      statement,
    );
    await again.close();
  });

  it('filters by cluster and pages from the newest', async () => {
    const trail = await openTrail();
    for (let number = 1; number <= 20; number += 1)
      await trail.append(line(number, number % 2 ? 'odd' : 'even'));
    const page = await trail.list({ clusterId: 'odd', offset: 2, limit: 3 });
    expect(page.total).toBe(10);
    expect(page.entries.map((entry) => entry.sequence)).toEqual([15, 13, 11]);
    expect((await trail.list({ clusterId: 'odd', offset: 9, limit: 5 })).entries).toHaveLength(1);
    expect((await trail.list({ clusterId: 'odd', offset: 50, limit: 5 })).entries).toEqual([]);
    await trail.close();
  });

  it('sets a line that a crash cut short aside, and keeps its bytes', async () => {
    await (await trailOf(2)).close();
    await appendFile(path, '{"sequence":3,"at":"20');
    const trail = await openTrail();
    await trail.append(line(3));
    expect(await trail.verify()).toMatchObject({ outcome: 'intact', entries: 3 });
    await trail.close();
    const aside = (await readdir(folder)).find((name) => name.includes('.torn-'));
    expect(await readFile(join(folder, aside ?? ''), 'utf8')).toBe('{"sequence":3,"at":"20');
  });

  it('completes a last line whose end alone is missing', async () => {
    await (await trailOf(2)).close();
    await writeFile(path, (await readFile(path, 'utf8')).trimEnd());
    const trail = await openTrail();
    await trail.append(line(3));
    expect(await trail.verify()).toMatchObject({ outcome: 'intact', entries: 3 });
    await trail.close();
  });

  it('exports a copy with what verifying it found', async () => {
    const trail = await trailOf(5);
    const target = join(folder, 'export.jsonl');
    const verification = await trail.export(target);
    expect(verification).toMatchObject({ outcome: 'intact', entries: 5 });
    expect(await readFile(target, 'utf8')).toBe(await readFile(path, 'utf8'));
    expect(JSON.parse(await readFile(`${target}.verification.json`, 'utf8'))).toEqual(verification);
    await trail.close();
  });

  it('lists the newest of 100,000 entries without reading them all', async () => {
    const lines: string[] = [];
    let previousHash = '0'.repeat(64);
    for (let sequence = 1; sequence <= 100_000; sequence += 1) {
      const body = {
        sequence,
        at: '2026-01-01T00:00:00.000Z',
        person: 'dba',
        ...line(sequence),
        previousHash,
      };
      previousHash = auditHash(body);
      lines.push(JSON.stringify({ ...body, hash: previousHash }));
    }
    await writeFile(path, `${lines.join('\n')}\n`);
    const trail = await openTrail();
    const began = performance.now();
    const page = await trail.list({ clusterId: 'c1', offset: 0, limit: 100 });
    const took = performance.now() - began;
    expect(page.total).toBe(100_000);
    expect(page.entries[0]?.sequence).toBe(100_000);
    expect(took).toBeLessThan(500);
    expect(await trail.verify()).toMatchObject({ outcome: 'intact', entries: 100_000 });
    await trail.close();
  });
});

describe('tampering', () => {
  const count = 8;
  const readLines = async (): Promise<string[]> => (await readFile(path, 'utf8')).trimEnd().split('\n');
  const writeLines = (lines: readonly string[]): Promise<void> => writeFile(path, `${lines.join('\n')}\n`);

  it('names the first line that was changed, whichever field it was', async () => {
    await (await trailOf(count)).close();
    const original = await readLines();
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: count - 1 }),
        fc.constantFrom(
          'statement',
          'at',
          'person',
          'result',
          'outcome',
          'node',
          'clusterName',
          'operationId',
          'hash',
        ),
        fc.string({ minLength: 1 }),
        async (at, field, text) => {
          const entry = JSON.parse(original[at] ?? '{}') as Record<string, unknown>;
          fc.pre(entry[field] !== text);
          entry[field] = text;
          await writeLines(original.with(at, JSON.stringify(entry)));
          const found = await verifyFile(path);
          expect(found).toMatchObject({ outcome: 'broken', line: at + 1, entries: count });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds a line that was removed, swapped, repeated or added', async () => {
    await (await trailOf(count)).close();
    const original = await readLines();
    const [first = '', second = ''] = original;
    const cases: readonly (readonly [readonly string[], number])[] = [
      [original.toSpliced(3, 1), 4],
      [original.slice(1), 1],
      [[second, first, ...original.slice(2)], 1],
      [original.toSpliced(4, 0, original[3] ?? ''), 5],
      [original.toSpliced(2, 0, 'not json'), 3],
      [original.with(5, ''), 6],
    ];
    for (const [lines, brokenAt] of cases) {
      await writeLines(lines);
      expect(await verifyFile(path)).toMatchObject({ outcome: 'broken', line: brokenAt });
    }
  });

  it('finds a field that was added to a line', async () => {
    await (await trailOf(count)).close();
    const original = await readLines();
    const entry = JSON.parse(original[2] ?? '') as AuditEntry;
    await writeLines(original.with(2, JSON.stringify({ ...entry, approvedBy: 'someone' })));
    expect(await verifyFile(path)).toMatchObject({ outcome: 'broken', line: 3 });
  });

  it('finds a forged line whose own hash was made anew, at the line after it', async () => {
    await (await trailOf(count)).close();
    const original = await readLines();
    const entry = JSON.parse(original[2] ?? '') as AuditEntry;
    const forged = { ...entry, statement: 'SELECT 1' };
    await writeLines(original.with(2, JSON.stringify({ ...forged, hash: auditHash(forged) })));
    expect(await verifyFile(path)).toMatchObject({ outcome: 'broken', line: 4 });
  });
});
