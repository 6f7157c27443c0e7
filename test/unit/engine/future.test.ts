import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { FutureRecorder } from '../../../src-core/engine/future';
import { asGranule } from '../../../src-core/base/indices';

describe('FutureRecorder', () => {
  it('finds the next use at or after now, and Infinity without one', () => {
    const recorder = new FutureRecorder(3);
    recorder.onAccess(asGranule(0), 5, 9, 1);
    recorder.onAccess(asGranule(1), 10, 10, 1);
    recorder.onAccess(asGranule(0), 20, 26, 3);
    const future = recorder.finish();
    expect([0, 5, 7, 10, 20, 21, 24, 26].map((now) => future.nextUse(asGranule(0), now))).toEqual([
      5, 5, 7, 20, 20, 23, 26, 26,
    ]);
    expect(future.nextUse(asGranule(0), 27)).toBe(Infinity);
    expect(future.nextUse(asGranule(1), 11)).toBe(Infinity);
    expect(future.nextUse(asGranule(2), 0)).toBe(Infinity);
  });

  it('equals a scan over all uses, lanes that share a granule included', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomStream(seed, 'future');
      const granules = 1 + random.below(4);
      const recorder = new FutureRecorder(granules);
      const uses: number[][] = Array.from({ length: granules }, () => []);
      let now = 0;
      for (let run = 0; run < 200; run++) {
        const lanes = 1 + random.below(4);
        const count = 1 + random.below(6);
        for (let lane = 0; lane < lanes; lane++) {
          const granule = asGranule(random.below(granules));
          recorder.onAccess(granule, now + lane, now + lane + (count - 1) * lanes, lanes);
          for (let i = 0; i < count; i++) uses[granule]!.push(now + lane + i * lanes);
        }
        now += lanes * count + random.below(3);
      }
      const future = recorder.finish();
      for (let at = 0; at <= now; at += 1 + random.below(3))
        for (let granule = asGranule(0); granule < granules; granule++) {
          const expected = Math.min(Infinity, ...uses[granule]!.filter((use) => use >= at));
          expect(future.nextUse(granule, at), `seed ${seed}, granule ${granule}, now ${at}`).toBe(expected);
        }
    }
  });

  it('joins a walk through one granule into one visit', () => {
    const recorder = new FutureRecorder(1);
    for (let i = 0; i < 100_000; i++) recorder.onAccess(asGranule(0), i, i, 1);
    expect(recorder['count']).toBe(1);
    expect(recorder.finish().nextUse(asGranule(0), 4321)).toBe(4321);
  });
});
