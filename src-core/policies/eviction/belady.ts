/**
 * Belady's optimal replacement: evicts the resident granule whose next device access is farthest away (never comes
 * first). It reads the future of the workload, so it is a bound for comparison, not a policy that could ship. CPU accesses
 * are not looked ahead to: a granule that the CPU will take first would be the better victim.
 *
 * Candidates wait in a max-heap by next use. A granule's next use only moves forward, so an entry whose key is stale is
 * too small, never too large; the view recomputes the true value when an entry reaches the top. Granules in the middle
 * of a run of accesses have keys in the near future; when no candidate is farther away than those, all residents are
 * compared exactly. Reference: L. A. Belady, IBM Systems Journal 5(2), 1966.
 */
import { z } from 'zod';
import { NO_GRANULE, type Granule } from '../../base/indices';
import { definePolicy, type EvictionPolicy, type EvictionView } from '../../contracts/policy';
import type { ProcessorIndex } from '../../model/processor';

/** Next uses closer than this many accesses count as "in use now" and are compared exactly (lanes of one group). */
const NEAR = 4096;

class FarthestFirst {
  private readonly key: number[] = [];
  private readonly granule: Granule[] = [];

  get size(): number {
    return this.key.length;
  }
  topKey(): number {
    return this.key[0] ?? -Infinity;
  }
  topGranule(): Granule {
    return this.granule[0] ?? NO_GRANULE;
  }
  push(key: number, granule: Granule): void {
    let at = this.key.length;
    this.key.push(key);
    this.granule.push(granule);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.key[parent]! >= key) break;
      this.key[at] = this.key[parent]!;
      this.granule[at] = this.granule[parent]!;
      at = parent;
    }
    this.key[at] = key;
    this.granule[at] = granule;
  }
  pop(): void {
    const key = this.key.pop()!;
    const granule = this.granule.pop()!;
    const size = this.key.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.key[child + 1]! > this.key[child]!) child++;
      if (this.key[child]! <= key) break;
      this.key[at] = this.key[child]!;
      this.granule[at] = this.granule[child]!;
      at = child;
    }
    this.key[at] = key;
    this.granule[at] = granule;
  }
}

/** The exact answer by looking at every resident granule; ties go to the lowest granule number. */
function scan(device: ProcessorIndex, memory: EvictionView): Granule {
  let best = NO_GRANULE;
  let bestUse = -1;
  for (let i = 0; i < memory.residents(device); i++) {
    const granule = memory.residentAt(device, i);
    if (memory.isProtected(granule)) continue;
    const use = memory.nextUse(granule);
    if (use > bestUse || (use === bestUse && granule < best)) {
      best = granule;
      bestUse = use;
    }
  }
  return best;
}

class Belady implements EvictionPolicy {
  readonly order = 'none';
  private readonly heaps = new Map<ProcessorIndex, FarthestFirst>();

  used(device: ProcessorIndex, granule: Granule, memory: EvictionView): void {
    this.heapOf(device, memory).push(memory.nextUse(granule), granule);
  }

  victim(device: ProcessorIndex, memory: EvictionView): Granule {
    const heap = this.heapOf(device, memory);
    const horizon = memory.accesses() + NEAR;
    while (heap.size > 0) {
      const granule = heap.topGranule();
      const key = heap.topKey();
      if (memory.ownerOf(granule) !== device) {
        heap.pop();
        continue;
      }
      const use = memory.nextUse(granule);
      if (use !== key) {
        heap.pop();
        heap.push(use, granule);
        continue;
      }
      if (key <= horizon || memory.isProtected(granule)) break;
      return granule;
    }
    return scan(device, memory);
  }

  /** The device's candidates, rebuilt from the residents when stale entries outnumber them. */
  private heapOf(device: ProcessorIndex, memory: EvictionView): FarthestFirst {
    let heap = this.heaps.get(device);
    if (heap && heap.size <= 8 * memory.residents(device) + 1024) return heap;
    heap = new FarthestFirst();
    this.heaps.set(device, heap);
    for (let i = 0; i < memory.residents(device); i++) {
      const granule = memory.residentAt(device, i);
      heap.push(memory.nextUse(granule), granule);
    }
    return heap;
  }
}

export const belady = definePolicy({
  kind: 'eviction',
  id: 'belady',
  title: 'Belady (optimal)',
  summary:
    'Evicts the granule that the device will need last. No policy has fewer GPU faults, as long as the CPU takes no granule in between.',
  source: 'L. A. Belady, IBM Systems Journal 5(2), 1966.',
  params: z.object({}),
  needsFuture: true,
  create: () => new Belady(),
});
