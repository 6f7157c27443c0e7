import { describe, expect, it } from 'vitest';
import { BrokenInvariant } from '../../../src-core/base/assert';
import { randomStream } from '../../../src-core/base/random';
import { CPU, type ProcessorIndex, asProcessor, GPU0 } from '../../../src-core/model/processor';
import { PENDING, TRACKED } from '../../../src-core/contracts/accessed-memory';
import { Residency } from '../../../src-core/kit/residency';
import { asGranule } from '../../../src-core/base/indices';

/** The recency list of a device, oldest first. */
function order(residency: Residency, device: number): number[] {
  const granules: number[] = [];
  for (
    let granule = asGranule(residency.recency.oldest[device]!);
    granule !== -1;
    granule = residency.recency.younger(granule)
  )
    granules.push(granule);
  return granules;
}
const residentSet = (residency: Residency, device: ProcessorIndex): number[] =>
  Array.from({ length: residency.residents(device) }, (_, index) => residency.residentAt(device, index)).sort(
    (a, b) => a - b,
  );

describe('Residency', () => {
  it('starts with nothing anywhere', () => {
    const residency = new Residency(4, 3, 2);
    expect([0, 1, 2, 3].map((granule) => residency.ownerOf(asGranule(granule)))).toEqual([-1, -1, -1, -1]);
    expect(residency.recency.oldest[1]).toBe(-1);
    expect(residency.free(asProcessor(2))).toBe(2);
  });

  it('keeps owner, order and flags apart', () => {
    const residency = new Residency(4, 2, 4);
    residency.state[1] = TRACKED | PENDING;
    residency.place(asGranule(1), GPU0);
    expect(residency.ownerOf(asGranule(1))).toBe(1);
    residency.remove(asGranule(1));
    expect(residency.ownerOf(asGranule(1))).toBe(-1);
    expect(residency.state[1]).toBe(TRACKED | PENDING);
  });

  it('refuses to place a granule on a full device', () => {
    const residency = new Residency(3, 2, 1);
    residency.place(asGranule(0), GPU0);
    expect(() => {
      residency.place(asGranule(1), GPU0);
    }).toThrow(BrokenInvariant);
    residency.place(asGranule(1), CPU); // the host has no limit
  });

  it('equals Maps and arrays under random operations', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = randomStream(seed, 'residency');
      const granules = 1 + random.below(30);
      const capacity = 1 + random.below(10);
      const residency = new Residency(granules, 3, capacity);
      const owner = new Map<number, number>();
      const lists = new Map<number, number[]>([
        [1, []],
        [2, []],
      ]);
      const leave = (granule: number): void => {
        for (const [device, list] of lists)
          lists.set(
            device,
            list.filter((other) => other !== granule),
          );
      };
      for (let step = 0; step < 500; step++) {
        const granule = asGranule(random.below(granules));
        const processor = asProcessor(random.below(3));
        const was = owner.get(granule);
        const choice = random.below(3);
        if (choice === 0 && was === undefined && (processor === CPU || lists.get(processor)!.length < capacity)) {
          residency.place(granule, processor);
          owner.set(granule, processor);
          lists.get(processor)?.push(granule);
        } else if (choice === 1 && was !== undefined) {
          residency.remove(granule);
          owner.delete(granule);
          leave(granule);
        } else if (choice === 2 && was !== undefined && was !== CPU) {
          residency.recency.touch(granule, asProcessor(was));
          leave(granule);
          lists.get(was)!.push(granule);
        }
        for (const [device, list] of lists) {
          expect(order(residency, device), `seed ${seed}, step ${step}`).toEqual(list);
          expect(residentSet(residency, asProcessor(device))).toEqual([...list].sort((a, b) => a - b));
          expect(residency.free(asProcessor(device))).toBe(capacity - list.length);
          expect(residency.recency.newest[device]).toBe(list.at(-1) ?? -1);
        }
        expect(residency.ownerOf(granule)).toBe(owner.get(granule) ?? -1);
      }
    }
  });

  it('moves a run of granules, and the granules of points, as one touch after the other does', () => {
    const stream = randomStream(3, 'runs');
    const [runs, touches] = [new Residency(64, 2, 64), new Residency(64, 2, 64)];
    for (let granule = asGranule(0); granule < 64; granule++)
      for (const each of [runs, touches]) each.place(granule, GPU0);
    for (let round = 0; round < 300; round++) {
      const hop = 1 + stream.below(3);
      const first = stream.below(60);
      const count = 1 + stream.below(Math.floor((63 - first) / hop) + 1);
      runs.recency.touchRun(first, count, hop, GPU0);
      for (let i = 0; i < count; i++) touches.recency.touch(asGranule(first + i * hop), GPU0);
      const points = Int32Array.from({ length: 9 }, () => stream.below(64));
      const range = { from: 1, end: 8, mask: 0b111, wanted: 2 };
      expect(runs.recency.touchPoints(points, runs.state, range, GPU0)).toBe(8);
      for (const point of points.subarray(1, 8)) touches.recency.touch(asGranule(point), GPU0);
      expect(order(runs, 1)).toEqual(order(touches, 1));
      expect(runs.recency.newest[1]).toBe(touches.recency.newest[1]);
    }
  });

  it('stops at the first point whose granule is elsewhere', () => {
    const residency = new Residency(4, 2, 4);
    for (const granule of [0, 1, 3]) residency.place(asGranule(granule), GPU0);
    const { recency, state } = residency;
    expect(
      recency.touchPoints(Int32Array.of(0, 1, 2, 3), state, { from: 0, end: 4, mask: 0b111, wanted: 2 }, GPU0),
    ).toBe(2);
    expect(order(residency, 1)).toEqual([3, 0, 1]);
  });

  it('replaces the oldest granule as a removal and a placement do', () => {
    const [at, by] = [new Residency(8, 2, 3), new Residency(8, 2, 3)];
    for (const granule of [0, 1, 2]) for (const each of [at, by]) each.place(asGranule(granule), GPU0);
    for (const granule of [5, 6, 0, 7, 1]) {
      const victim = asGranule(by.recency.oldest[1]!);
      by.remove(victim);
      by.place(victim, CPU);
      by.place(asGranule(granule), GPU0);
      expect(at.replaceOldest(asGranule(granule), GPU0)).toBe(victim);
      expect(order(at, 1)).toEqual(order(by, 1));
      expect([...at.state]).toEqual([...by.state]);
      expect([0, 1, 2].map((index) => at.residentAt(GPU0, index))).toEqual(
        [0, 1, 2].map((i) => by.residentAt(GPU0, i)),
      );
    }
  });
});
