import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { Buckets } from '../../../src-core/timeline/buckets';

interface Raw {
  readonly x: number;
  readonly column: number;
  readonly amount: number;
}

function fill(seed: number): { buckets: Buckets; raw: Raw[]; span: number } {
  const random = randomStream(seed, 'buckets');
  const buckets = new Buckets(64, 3);
  const span = [50, 64, 65, 1000, 123_456, 2 ** 40][seed % 6]!;
  const raw: Raw[] = [];
  for (let i = 0; i < 300; i++) {
    const row = { x: Math.floor(random.unit() * span), column: random.below(3), amount: random.below(21) - 10 };
    raw.push(row);
    buckets.add(row.x, row.column, row.amount);
  }
  return { buckets, raw, span };
}

describe('Buckets', () => {
  it('answer what a reduce over the raw rows answers, for any range and number of bins', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { buckets, raw, span } = fill(seed);
      const random = randomStream(seed, 'questions');
      for (let question = 0; question < 10; question++) {
        const from = Math.floor(random.unit() * span);
        const to = from + 1 + Math.floor(random.unit() * span);
        const bins = 1 + random.below(100);
        const range = buckets.range(from, to, bins);
        const about = `seed ${seed}, [${from}, ${to}) in ${bins}`;
        expect(range.bins, about).toBeLessThanOrEqual(bins);
        expect(range.from, about).toBeLessThanOrEqual(from);
        const sums = buckets.sums(range);
        for (let column = 0; column < 3; column++) {
          const inside = raw.filter((row) => row.column === column && row.x >= range.from && row.x < range.to);
          const expected = inside.reduce((sum, row) => sum + row.amount, 0);
          expect(sums[column]!.length).toBe(range.bins);
          expect(
            sums[column]!.reduce((sum, value) => sum + value, 0),
            about,
          ).toBe(expected);
        }
        const all = new Float64Array(3);
        buckets.addUp(range.firstBucket, range.outerBucket, all);
        expect([...all], about).toEqual(sums.map((bins_) => bins_.reduce((sum, value) => sum + value, 0)));
      }
    }
  });

  it('keep every amount when they merge, and put it into the bin that its place says', () => {
    const buckets = new Buckets(16, 1);
    for (let x = 0; x < 1024; x++) buckets.add(x, 0, 1);
    const range = buckets.range(0, 1024, 16);
    expect([range.from, range.to, range.bins]).toEqual([0, 1024, 16]);
    expect([...buckets.sums(range)[0]!]).toEqual(new Array<number>(16).fill(64));
    buckets.add(5000, 0, 7); // outgrows the axis three times
    const [sums] = buckets.sums(buckets.range(0, 8192, 16));
    expect(sums!.reduce((sum, value) => sum + value, 0)).toBe(1031);
    expect(sums![Math.floor((5000 * sums!.length) / 8192)]).toBe(7);
  });

  it('give the last and the highest level of each bin, also of a coarser collection', () => {
    const fine = new Buckets(64, 1);
    for (const [x, change] of [
      [0, 5],
      [10, 20],
      [12, -15],
      [40, -10],
    ] as const)
      fine.add(x, 0, change);
    const { values, peak } = fine.level([0], new Buckets(64, 1).range(0, 64, 4));
    expect([...values]).toEqual([10, 10, 0, 0]);
    expect([...peak]).toEqual([25, 10, 10, 0]);
  });

  it('carry the level from before the range into it', () => {
    const buckets = new Buckets(64, 2);
    buckets.add(3, 0, 4);
    buckets.add(5, 1, 6);
    const range = buckets.range(32, 48, 2);
    expect([...buckets.level([0, 1], range).values]).toEqual([10, 10]);
  });

  it('answer ranges beyond the end with an empty bucket, not with nothing', () => {
    const buckets = new Buckets(16, 1);
    buckets.add(1, 0, 1);
    const range = buckets.range(1e9, 2e9, 10);
    expect(range.bins).toBe(1);
    expect([...buckets.sums(range)[0]!]).toEqual([0]);
  });

  it('go back to a position, however they were written and merged since, and again', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomStream(seed, 'positions');
      const span = [60, 200, 5000, 2 ** 30][seed % 4]!;
      const buckets = new Buckets(64, 3);
      const write = (times: number, reach: number): void => {
        for (let i = 0; i < times; i++)
          buckets.add(Math.floor(random.unit() * reach), random.below(3), 1 + random.below(9));
      };
      const seen = (): string => {
        const range = buckets.range(0, 2 ** 40, 64);
        return JSON.stringify([range, buckets.sums(range).map((sums) => [...sums]), buckets.level([0, 2], range)]);
      };
      write(100, span);
      const kept = [buckets.position()];
      const views = [seen()];
      for (let i = 1; i < 6; i++) {
        write(random.below(50), span * 2 ** random.below(3));
        kept.push(buckets.position());
        views.push(seen());
      }
      for (let i = 0; i < 12; i++) {
        const to = random.below(kept.length);
        buckets.seek(kept[to]!);
        expect(seen(), `seed ${seed}, position ${to}`).toBe(views[to]);
        write(random.below(20), span * 2 ** random.below(5));
      }
    }
  });
});
