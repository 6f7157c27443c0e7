import { describe, expect, it } from 'vitest';
import { BrokenInvariant } from '../../../src-core/base/assert';
import { randomStream } from '../../../src-core/base/random';
import { CPU } from '../../../src-core/model/processor';
import { PENDING, TRACKED } from '../../../src-core/contracts/accessed-memory';
import { Residency } from '../../../src-core/kit/residency';

/** The recency list of a device, oldest first. */
function order(residency: Residency, device: number): number[] {
  const granules: number[] = [];
  for (let granule = residency.oldest(device); granule !== -1; granule = residency.younger(granule))
    granules.push(granule);
  return granules;
}
const residentSet = (residency: Residency, device: number): number[] =>
  Array.from({ length: residency.residents(device) }, (_, index) => residency.residentAt(device, index)).sort(
    (a, b) => a - b,
  );

describe('Residency', () => {
  it('starts with nothing anywhere', () => {
    const residency = new Residency(4, 3, 2);
    expect([0, 1, 2, 3].map((granule) => residency.ownerOf(granule))).toEqual([-1, -1, -1, -1]);
    expect(residency.oldest(1)).toBe(-1);
    expect(residency.free(2)).toBe(2);
  });

  it('keeps owner, order and flags apart', () => {
    const residency = new Residency(4, 2, 4);
    residency.state[1] = TRACKED | PENDING;
    residency.place(1, 1);
    expect(residency.ownerOf(1)).toBe(1);
    residency.remove(1);
    expect(residency.ownerOf(1)).toBe(-1);
    expect(residency.state[1]).toBe(TRACKED | PENDING);
  });

  it('refuses to place a granule on a full device', () => {
    const residency = new Residency(3, 2, 1);
    residency.place(0, 1);
    expect(() => {
      residency.place(1, 1);
    }).toThrow(BrokenInvariant);
    residency.place(1, CPU); // the host has no limit
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
        const granule = random.below(granules);
        const processor = random.below(3);
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
          residency.touch(granule, was);
          leave(granule);
          lists.get(was)!.push(granule);
        }
        for (const [device, list] of lists) {
          expect(order(residency, device), `seed ${seed}, step ${step}`).toEqual(list);
          expect(residentSet(residency, device)).toEqual([...list].sort((a, b) => a - b));
          expect(residency.free(device)).toBe(capacity - list.length);
          expect(residency.newest[device]).toBe(list.at(-1) ?? -1);
        }
        expect(residency.ownerOf(granule)).toBe(owner.get(granule) ?? -1);
      }
    }
  });
});
