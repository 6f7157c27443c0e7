import { expect, it } from 'vitest';
import { RecentlyMade } from '../../../src-core/base/recently-made';

it('values are made once and kept up to a bound, the least recently used given up first', () => {
  const recent = new RecentlyMade<string>(10);
  const made: string[] = [];
  const get = (key: string, bytes: number): string =>
    recent.get(key, bytes, () => {
      made.push(key);
      return key;
    });
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) expect(get(key, 4)).toBe(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  expect(get('large', 11)).toBe('large');
  expect(get('large', 11)).toBe('large');
  get('b', 4);
  expect(made).toEqual(['a', 'b', 'c', 'b', 'large', 'large']);
});
