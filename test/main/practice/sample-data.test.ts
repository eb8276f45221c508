import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSampleSteps, readSampleSteps } from '../../../src-main/practice/sample-data';

const folder = resolve(import.meta.dirname, '../../../resources/practice/sample');

describe('sample data', () => {
  it('is cut at its step lines, with what stands before left out', () => {
    const text =
      '-- about\nignored;\n-- step: First\nSELECT 1;\n-- a comment\nSELECT 2;\n-- step:  Second \nSELECT 3;\n';
    expect(parseSampleSteps(text)).toEqual([
      { title: 'First', sql: 'SELECT 1;\n-- a comment\nSELECT 2;' },
      { title: 'Second', sql: 'SELECT 3;' },
    ]);
    expect(parseSampleSteps('-- step: Empty\n\n-- step: End')).toEqual([]);
    expect(parseSampleSteps('')).toEqual([]);
  });

  it('that the app ships has steps with titles, in the order of the files', async () => {
    const steps = await readSampleSteps(folder);
    expect(steps.length).toBeGreaterThan(8);
    expect(steps[0]?.sql).toContain('CREATE TABLE agencies');
    expect(steps.every((step) => /^[A-Z][^.!]*$/.test(step.title))).toBe(true);
    expect(readFileSync(`${folder}/10-permits.sql`, 'utf8')).not.toMatch(/REPLICA IDENTITY NOTHING/);
  });
});
