/** Every operation on masks against the same operation on a Set of numbers, with seeded random sets and ranges. */
import { describe, expect, it } from 'vitest';
import * as masks from '../../../src-core/base/page-mask';
import { randomStream } from '../../../src-core/base/random';

const PAGES = masks.PAGE_MASK_PAGES;
const random = randomStream(1, 'page masks');
const maskOf = (pages: Iterable<number>): masks.PageMask => {
  const mask = masks.createPageMask();
  for (const page of pages) masks.setPage(mask, page);
  return mask;
};
const pagesOf = (mask: masks.PageMask): number[] =>
  Array.from({ length: PAGES }, (_, page) => page).filter((page) => masks.hasPage(mask, page));

function randomSet(): Set<number> {
  const set = new Set<number>();
  const runs = random.below(12);
  for (let i = 0; i < runs; i++) {
    const first = random.below(PAGES);
    const outer = Math.min(PAGES, first + 1 + random.below(random.below(2) === 0 ? 3 : 200));
    for (let page = first; page < outer; page++) set.add(page);
  }
  return set;
}
/** A range that often touches word boundaries, and may be empty. */
function randomRange(): [number, number] {
  const edge = (): number => (random.below(2) === 0 ? random.below(17) * 32 : random.below(PAGES + 1));
  const [a, b] = [edge(), edge()];
  return [Math.min(a, b), Math.max(a, b)];
}
const sorted = (set: Iterable<number>): number[] => [...set].sort((a, b) => a - b);
const within = (set: Set<number>, [first, outer]: readonly [number, number]): number[] =>
  sorted(set).filter((page) => page >= first && page < outer);

describe('page masks', () => {
  it('do what sets do', () => {
    for (let round = 0; round < 400; round++) {
      const a = randomSet();
      const b = randomSet();
      const range = randomRange();
      const [first, outer] = range;
      const inRange = (page: number): boolean => page >= first && page < outer;
      const mask = (): masks.PageMask => maskOf(a);
      const after = (change: (m: masks.PageMask) => void): number[] => {
        const m = mask();
        change(m);
        return pagesOf(m);
      };
      expect(pagesOf(mask())).toEqual(sorted(a));
      expect(after((m) => masks.orMask(m, maskOf(b)))).toEqual(sorted(new Set([...a, ...b])));
      expect(after((m) => masks.andMask(m, maskOf(b)))).toEqual(sorted(a).filter((p) => b.has(p)));
      expect(after((m) => masks.andNotMask(m, maskOf(b)))).toEqual(sorted(a).filter((p) => !b.has(p)));
      expect(after((m) => masks.copyMask(m, maskOf(b)))).toEqual(sorted(b));
      expect(after((m) => masks.clearMask(m))).toEqual([]);
      expect(after((m) => masks.fillRange(m, first, outer))).toEqual(
        Array.from({ length: PAGES }, (_, p) => p).filter((p) => a.has(p) || inRange(p)),
      );
      expect(after((m) => masks.clearRange(m, first, outer))).toEqual(sorted(a).filter((p) => !inRange(p)));
      expect(after((m) => masks.keepRange(m, first, outer))).toEqual(within(a, range));
      expect(after((m) => masks.clearPage(m, round))).toEqual(sorted(a).filter((p) => p !== round));
      expect(masks.countPages(mask())).toBe(a.size);
      expect(masks.countRange(mask(), first, outer)).toBe(within(a, range).length);
      expect(masks.isEmpty(mask())).toBe(a.size === 0);
      expect(masks.isRangeEmpty(mask(), first, outer)).toBe(within(a, range).length === 0);
      expect(masks.isRangeFull(mask(), first, outer)).toBe(within(a, range).length === outer - first);
      expect(masks.nextSet(mask(), first, outer)).toBe(within(a, range)[0] ?? outer);
      const holes = new Set(Array.from({ length: PAGES }, (_, p) => p).filter((p) => !a.has(p)));
      expect(masks.nextClear(mask(), first, outer)).toBe(within(holes, range)[0] ?? outer);
      expect(masks.firstPage(mask())).toBe(sorted(a)[0] ?? PAGES);
      expect(masks.outerPage(mask())).toBe((sorted(a).at(-1) ?? -1) + 1);
      expect(masks.intersects(mask(), maskOf(b))).toBe([...a].some((p) => b.has(p)));
    }
  });

  it('shift by any distance in both directions', () => {
    for (let by = -PAGES - 33; by <= PAGES + 33; by += 1) {
      const set = randomSet();
      const to = maskOf(randomSet());
      masks.shiftMask(to, maskOf(set), by);
      expect(pagesOf(to), `by ${by}`).toEqual(sorted([...set].map((p) => p + by).filter((p) => p >= 0 && p < PAGES)));
    }
  });

  it('count the bits of a word and find its lowest', () => {
    for (let i = 0; i < 2000; i++) {
      const word = i < 32 ? 1 << i : random.next();
      const digits = (word >>> 0).toString(2);
      expect(masks.popcount(word | 0)).toBe(digits.replaceAll('0', '').length);
      expect(masks.lowestBit(word | 0)).toBe(digits.length - 1 - digits.lastIndexOf('1'));
    }
  });
});
