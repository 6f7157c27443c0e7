/** Fetching, coalescing and order of faults; no vectors exist for them. Cases follow uvm_gpu_replayable_faults.c:770-1164. */
import { describe, expect, it } from 'vitest';
import type { FaultBatch } from '../../../../../src-core/systems/nvidia-uvm/decisions/fault-batch';
import { randomStream } from '../../../../../src-core/base/random';
import { ACCESS } from '../../../../../src-core/systems/nvidia-uvm/decisions/vocabulary';
import { createFaultBatch } from '../../../../../src-core/systems/nvidia-uvm/decisions/fault-batch';
import { kernelSort, RunMerger } from '../../../../../src-core/systems/nvidia-uvm/decisions/fault-sort';

const { prefetch, read, write, atomicStrong } = ACCESS;
const INSTANCE = 7;

function batchOf(capacity = 64): FaultBatch {
  const batch = createFaultBatch({ capacity, utlbs: 4 });
  batch.begin();
  return batch;
}
/** Entries as `page access uTLB`, in the order of the buffer. */
type Entry = readonly [page: number, access: 0 | 1 | 2 | 3 | 4, utlb: number];
const fill = (batch: FaultBatch, entries: readonly Entry[]): boolean[] =>
  entries.map(([page, access, utlb]) => batch.add(INSTANCE, page, access, utlb, false));
const inOrder = (batch: FaultBatch): number[] => [...batch.order.subarray(0, batch.unique)];

describe('coalescing', () => {
  it('merges with the last fault of the same uTLB, also when others came between', () => {
    const batch = batchOf();
    expect(
      fill(batch, [
        [5, read, 0],
        [6, read, 1],
        [5, read, 0],
      ]),
    ).toEqual([false, false, true]);
    expect([batch.cached, batch.unique, batch.instances[0]]).toEqual([3, 2, 2]);
  });
  it('merges with the last fault of the batch from another uTLB, if that one is as intrusive', () => {
    const batch = batchOf();
    expect(
      fill(batch, [
        [5, write, 0],
        [5, read, 1],
        [5, write, 2],
        [5, atomicStrong, 3],
      ]),
    ).toEqual([false, true, true, false]);
    expect(batch.accessMask[0]).toBe((1 << read) | (1 << write));
    expect(batch.instances[0]).toBe(3);
  });
  it('compares with the last only: a page comes twice when another came between', () => {
    const batch = batchOf();
    fill(batch, [
      [5, read, 0],
      [6, read, 0],
      [5, read, 0],
    ]);
    expect(batch.unique).toBe(3);
    batch.sort();
    expect(inOrder(batch).map((entry) => batch.page[entry])).toEqual([5, 5, 6]);
    expect([0, 1, 2].map((index) => batch.isDuplicate(index))).toEqual([false, true, false]);
    batch.countDuplicates(0, 3);
    expect(batch.duplicates).toBe(1);
  });
  it('lets the more intrusive fault of a uTLB stand for both', () => {
    const batch = batchOf();
    fill(batch, [
      [5, read, 0],
      [5, write, 0],
    ]);
    batch.sort();
    expect(inOrder(batch)).toEqual([1]);
    expect([batch.instances[1], batch.accessMask[1], batch.filtered[0]]).toEqual([2, (1 << read) | (1 << write), 1]);
  });
  it('loses what is merged into an entry that was replaced (quirk)', () => {
    const batch = batchOf();
    const merged = fill(batch, [
      [5, read, 0],
      [5, write, 0],
      [5, read, 1],
    ]);
    expect(merged).toEqual([false, true, true]);
    batch.sort();
    batch.countDuplicates(0, 1);
    // Three faults, but the third counts on entry 0, which nobody services.
    expect([inOrder(batch), batch.duplicates]).toEqual([[1], 1]);
  });
  it('keeps instances apart, and fatal faults to themselves', () => {
    const batch = batchOf();
    batch.add(1, 5, read, 0, false);
    expect(batch.add(2, 5, read, 0, false)).toBe(false);
    expect(batch.add(2, 5, read, 0, true)).toBe(false);
    expect(batch.unique).toBe(3);
  });
  it('can be switched off, and forgets the last batch', () => {
    const batch = batchOf();
    batch.coalesce = false;
    expect(
      fill(batch, [
        [5, read, 0],
        [5, read, 0],
      ]),
    ).toEqual([false, false]);
    batch.coalesce = true;
    batch.begin();
    expect(fill(batch, [[5, read, 0]])).toEqual([false]);
    expect([batch.cached, batch.unique, batch.duplicates]).toEqual([1, 1, 0]);
  });
  it('ends at the batch size, which counts merged entries', () => {
    const batch = batchOf();
    batch.maxBatchSize = 2;
    fill(batch, [
      [5, read, 0],
      [5, read, 0],
    ]);
    expect(batch.unique).toBe(1);
    expect(batch.hasRoom()).toBe(false);
  });
});

describe('the order of service', () => {
  it('is by address space, page, then access type from the most intrusive', () => {
    const batch = batchOf();
    batch.coalesce = false;
    fill(batch, [
      [9, prefetch, 0],
      [2 ** 44, read, 1],
      [9, atomicStrong, 2],
      [9, read, 3],
      [3, write, 0],
    ]);
    batch.vaSpace[4] = 1;
    batch.sort();
    expect(inOrder(batch)).toEqual([2, 3, 0, 1, 4]);
  });

  // Keys and the order of their positions, from running the algorithm of lib/sort.c (torvalds/linux 072cf06e35eb) in C on them.
  it.each([
    ['3 1', '1 0'],
    ['3 3 4', '1 0 2'],
    ['0 3 2 0 1 4 2', '3 0 4 2 6 1 5'],
    ['4 3 0 1 2 1 0 4 4 1', '2 6 5 3 9 4 1 8 7 0'],
    ['0 1 2 4 1 3 2 4 2 3 2 2 4 0 4 1', '13 0 1 4 15 6 11 10 8 2 5 9 14 12 7 3'],
    [
      '4 1 1 3 0 3 2 1 3 1 0 4 3 3 4 1 0 3 0 0 2 3 4 3 1 2 0 4 1 2 4 1 4',
      '18 19 10 4 26 16 9 28 15 24 31 7 1 2 29 6 20 25 13 12 23 5 21 17 8 3 14 27 11 30 22 32 0',
    ],
  ])('of equal keys is the one of the kernel: %s', (keys, order) => {
    const numbers = keys.split(' ').map(Number);
    const sorted = Int32Array.from(numbers.keys());
    kernelSort(sorted, Float64Array.from(numbers), numbers.length);
    expect([...sorted].join(' ')).toBe(order);
  });

  it('of different keys is that of the merge of ascending runs, which leaves equal keys to the kernel', () => {
    const stream = randomStream(1, 'fault-sort');
    const merger = new RunMerger(300);
    for (let round = 0; round < 200; round++) {
      const count = 1 + stream.below(300);
      // Ascending runs of several uTLBs, behind one another.
      const keys = Float64Array.from({ length: count }, (_, i) => stream.below(1 + stream.below(9)) * 1000 + i);
      if (round % 4 === 0 && count > 1) keys[stream.below(count - 1)] = keys[count - 1]!;
      const order = Int32Array.from(keys.keys());
      const [merged, mergedKeys] = [order.slice(), keys.slice()];
      const isDone = merger.sort(merged, mergedKeys, count);
      expect(isDone).toBe(new Set(keys).size === count);
      const [sorted, sortedKeys] = [order.slice(), keys.slice()];
      if (isDone) kernelSort(sorted, sortedKeys, count);
      expect([...merged]).toEqual([...sorted]);
      expect([...mergedKeys]).toEqual([...sortedKeys]);
    }
  });
});
