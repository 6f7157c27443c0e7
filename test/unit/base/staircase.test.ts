import { describe, expect, it } from 'vitest';
import { Staircase } from '../../../src-core/base/staircase';

describe('Staircase', () => {
  it('answers the value reached, 0 before the first point, the total at the end', () => {
    const stairs = new Staircase();
    stairs.add(10, 3);
    stairs.add(20, 5);
    expect([0, 9, 10, 19, 20, Infinity].map((x) => stairs.at(x))).toEqual([0, 0, 3, 3, 5, 5]);
    expect(stairs.total).toBe(5);
  });

  it('never promises more than was true, and little less, however many points there are', () => {
    const stairs = new Staircase();
    const points = 300_000;
    for (let x = 0; x < points; x++) stairs.add(x, Math.floor(x ** 2 / 1000));
    let most = 0;
    for (let x = 0; x < points; x += 37) {
      const truth = Math.floor(x ** 2 / 1000);
      expect(stairs.at(x)).toBeLessThanOrEqual(truth);
      most = Math.max(most, truth - stairs.at(x));
    }
    expect(most).toBeLessThan(stairs.total / 2000);
    expect(stairs.at(Infinity)).toBe(stairs.total);
  });

  it('can be drawn as if it grew evenly between its points', () => {
    const stairs = new Staircase();
    expect(stairs.evenlyAt(5)).toBe(0);
    stairs.add(10, 100);
    stairs.add(20, 300);
    expect([0, 5, 10, 15, 20, 30].map((x) => stairs.evenlyAt(x))).toEqual([0, 50, 100, 200, 300, 300]);
    expect(stairs.at(15)).toBe(100);
  });
});
