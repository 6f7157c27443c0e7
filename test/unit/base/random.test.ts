import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';

describe('randomStream', () => {
  it('gives these numbers on every machine, for ever: recordings depend on them', () => {
    const first = randomStream(1, 'a');
    expect([first.next(), first.next(), first.next()]).toEqual([1_256_828_304, 3_909_759_992, 237_837_044]);
    const second = randomStream(2 ** 40 + 7, 'policy/eviction/random/0');
    expect([second.below(6), second.below(1000), second.below(2 ** 40)]).toEqual([1, 174, 644_948_445_402]);
    expect(randomStream(1, 'a').unit()).toBe(0.2926281431946698);
  });

  it('is another stream for another name and for either half of the seed', () => {
    const firstOf = (seed: number, name: string): number => randomStream(seed, name).next();
    const firsts = [firstOf(1, 'a'), firstOf(1, 'b'), firstOf(2, 'a'), firstOf(1 + 2 ** 32, 'a'), firstOf(0, 'a')];
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('draws below a limit evenly, and never the limit', () => {
    const random = randomStream(3, 'even');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500); // five sigma
    for (let i = 0; i < 100; i++) expect(random.below(1)).toBe(0);
    for (let i = 0; i < 1000; i++) expect(random.below(2 ** 53)).toBeLessThan(2 ** 53);
  });

  it('draws units in [0, 1) that use more than 32 bits', () => {
    const random = randomStream(4, 'unit');
    let sum = 0;
    let fine = 0;
    for (let i = 0; i < 10_000; i++) {
      const value = random.unit();
      expect(value >= 0 && value < 1).toBe(true);
      sum += value;
      if (!Number.isInteger(value * 2 ** 32)) fine++;
    }
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
    expect(fine).toBeGreaterThan(9_900);
  });
});
