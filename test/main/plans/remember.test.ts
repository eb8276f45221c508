import { expect, it } from 'vitest';
import { rememberFor, rememberLast } from '../../../src-main/plans/remember';

it('works out once what an object alone decides', () => {
  let count = 0;
  const sizeOf = rememberFor((list: readonly number[]) => {
    count += 1;
    return list.length;
  });
  const list = [1, 2];
  expect([sizeOf(list), sizeOf(list), sizeOf([1, 2, 3])]).toEqual([2, 2, 3]);
  expect(count).toBe(2);
});

it('keeps the last answer for each object, and works it out anew when it is asked with something else', () => {
  let count = 0;
  const scaled = rememberLast((list: readonly number[], factor: number) => {
    count += 1;
    return list.map((one) => one * factor);
  });
  const [one, other] = [[1], [2]];
  expect([scaled(one, 2), scaled(other, 3), scaled(one, 2), scaled(one, 4)]).toEqual([[2], [6], [2], [4]]);
  expect(count).toBe(3);
  expect(scaled(one, 2)).toEqual([2]);
});
