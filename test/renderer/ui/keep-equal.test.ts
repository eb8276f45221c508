import { describe, expect, it } from 'vitest';
import { keepEqualEntries, keepEqualList } from '../../../src-renderer/ui/keep-equal';

describe('what says the same stays the same object', () => {
  it('in a list, by place', () => {
    const before = [{ id: 1 }, { id: 2 }];
    expect(keepEqualList(before, [{ id: 1 }, { id: 2 }])).toBe(before);
    const after = keepEqualList(before, [{ id: 1 }, { id: 3 }]);
    expect(after).toEqual([{ id: 1 }, { id: 3 }]);
    expect(after[0]).toBe(before[0]);
    expect(keepEqualList(before, [{ id: 1 }])).toEqual([{ id: 1 }]);
    expect(keepEqualList(undefined, before)).toBe(before);
  });

  it('in a map, by key', () => {
    const before = new Map([
      ['a', { id: 1 }],
      ['b', { id: 2 }],
    ]);
    expect(keepEqualEntries(before, new Map([...before].map(([key, { id }]) => [key, { id }])))).toBe(before);
    const after = keepEqualEntries(before, new Map([['a', { id: 1 }]]));
    expect(after.get('a')).toBe(before.get('a'));
    expect(after.size).toBe(1);
  });
});
