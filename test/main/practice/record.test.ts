import { describe, expect, it } from 'vitest';
import { nextName, nextWorker, parseRecord } from '../../../src-main/practice/record';
import type { PracticeRecord } from '../../../src-main/practice/record';

const record: PracticeRecord = {
  version: 1,
  practiceId: 'practice-0123456789ab',
  name: 'Practice A',
  createdAt: '2026-05-04T08:00:00.000Z',
  isComplete: true,
  engine: 'emulator',
  citusBinFolder: null,
  template: 'abcdef0123456789',
  workers: 2,
  sampleData: 'loaded',
  nodes: [{ name: 'coordinator', port: 27010, registeredPort: 27010 }],
};

describe('the record of a practice cluster', () => {
  it('is read back as it was written', () => {
    expect(parseRecord(JSON.stringify(record))).toEqual(record);
  });

  it.each([
    ['nothing', ''],
    ['half of it', JSON.stringify(record).slice(0, 80)],
    ['a later version', JSON.stringify({ ...record, version: 2 })],
    ['an id that leads elsewhere', JSON.stringify({ ...record, practiceId: '../../home' })],
    [
      'a node that leads elsewhere',
      JSON.stringify({ ...record, nodes: [{ ...record.nodes[0], name: '../x' }] }),
    ],
    ['a template that leads elsewhere', JSON.stringify({ ...record, template: '..' })],
    ['a port that is none', JSON.stringify({ ...record, nodes: [{ ...record.nodes[0], port: 70000 }] })],
  ])('is refused when it is %s', (_, text) => {
    expect(() => parseRecord(text)).toThrow();
  });

  it('gives the first free name', () => {
    expect(nextName(new Set())).toBe('Practice A');
    expect(nextName(new Set(['Practice A', 'Practice C']))).toBe('Practice B');
    const alphabet = new Set(Array.from({ length: 26 }, (_, i) => `Practice ${String.fromCharCode(65 + i)}`));
    expect(nextName(alphabet)).toBe('Practice AA');
    expect(nextName(new Set([...alphabet, 'Practice AA']))).toBe('Practice AB');
  });

  it('numbers a new worker above all others', () => {
    expect(nextWorker([{ name: 'coordinator' }])).toBe('worker-1');
    expect(nextWorker([{ name: 'coordinator' }, { name: 'worker-9' }, { name: 'worker-10' }])).toBe(
      'worker-11',
    );
  });
});
