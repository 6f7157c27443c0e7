import { expect, it } from 'vitest';
import { evenly } from '../../../src-core/analysis/bounds/evenly';

it('draws what a kernel needs evenly over the kernel, and is the curve itself at its ends', () => {
  const curve = (access: number): number => (access < 100 ? 0 : access < 300 ? 8 : 10);
  const drawn = evenly(curve, [0, 100, 300]);
  expect([0, 50, 100, 150, 200, 300].map(drawn)).toEqual([0, 4, 8, 8.5, 9, 10]);
  expect(drawn(400)).toBe(10); // past the end there is nothing to spread
  expect(evenly(curve, [0])(50)).toBe(curve(50));
});
