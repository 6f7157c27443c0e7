import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { ByteSets } from '../../../src-core/kit/byte-sets';
import { asGranule, type Granule } from '../../../src-core/base/indices';

describe('ByteSets', () => {
  it.each([4096, 65_536, 2_097_152])('equals Sets under random operations, granules of %i bytes', (granuleBytes) => {
    for (let seed = 1; seed <= 15; seed++) {
      const random = randomStream(seed, 'byte sets');
      const sets = new ByteSets(3, granuleBytes);
      const model = [new Set<number>(), new Set<number>(), new Set<number>()];
      const window = Math.min(granuleBytes, 300);
      const base = random.below(2) === 0 ? 0 : granuleBytes - window; // both ends of the granule
      for (let step = 0; step < 200; step++) {
        const granule = asGranule(random.below(3));
        const bytes = model[granule]!;
        const from = base + random.below(window);
        const to = from + 1 + random.below(base + window - from);
        if (random.below(40) === 0) {
          sets.clear(granule);
          bytes.clear();
        } else if (random.below(2) === 0) {
          expect(sets.add(granule, from, to)).toBe(true);
          for (let byte = from; byte < to; byte++) bytes.add(byte);
        }
        let covered = true;
        for (let byte = from; byte < to; byte++) if (!bytes.has(byte)) covered = false;
        expect(sets.size(granule), `seed ${seed}, step ${step}`).toBe(bytes.size);
        expect(sets.covers(granule, from, to), `seed ${seed}, step ${step}, [${from}, ${to})`).toBe(covered);
      }
    }
  });

  it('holds a whole granule, and a single byte at its end', () => {
    const sets = new ByteSets(1, 4096);
    sets.add(asGranule(0), 4095, 4096);
    expect(sets.size(asGranule(0))).toBe(1);
    sets.add(asGranule(0), 0, 4096);
    expect(sets.size(asGranule(0))).toBe(4096);
    expect(sets.covers(asGranule(0), 0, 4096)).toBe(true);
  });

  it('answers false when the memory for bitmaps is used up, and takes cleared ones again', () => {
    const sets = new ByteSets(3, 4096, 512); // one bitmap
    const scatter = (granule: Granule): boolean => sets.add(granule, 0, 1) && sets.add(granule, 100, 101);
    expect(scatter(asGranule(0))).toBe(true);
    expect(scatter(asGranule(1))).toBe(false);
    expect(sets.size(asGranule(1))).toBe(1); // what was there before stays
    sets.clear(asGranule(0));
    expect(scatter(asGranule(2))).toBe(true);
    expect(sets.covers(asGranule(2), 0, 101)).toBe(false); // the bitmap came back empty
    expect(sets.size(asGranule(2))).toBe(2);
  });
});
