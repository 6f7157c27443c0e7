/** Costs of the Linux paths beyond the machine's own constants (model/machine.ts), each with its origin. */
import { picoseconds, PS_PER_MS, PS_PER_NS, PS_PER_US } from '../../base/units';
import type { Sourced } from '../../model/machine';

const cost = <V extends number>(value: V, source: string, grade: Sourced<V>['grade']): Sourced<V> => ({
  value,
  source,
  grade,
});

/** One page read from swap on an NVMe drive. */
export const SWAP_READ = cost(
  picoseconds(80 * PS_PER_US),
  'Typical data-sheet latency of a random 4 KiB read of a TLC NVMe drive',
  'assumed',
);
/** One page written to swap or to a file. */
export const DISK_WRITE = cost(
  picoseconds(20 * PS_PER_US),
  'Typical data-sheet latency of a 4 KiB write into the cache of an NVMe drive',
  'assumed',
);
/** Following and rewriting one pointer of a list or tree that is copied to another address space. */
export const RELOCATE = cost(
  picoseconds(100 * PS_PER_NS),
  'One dependent access to host DRAM per node, about 100 ns',
  'assumed',
);
/** AMD: all queues of a process are unmapped from the hardware, their waves saved. */
export const QUEUE_STOP = cost(
  picoseconds(100 * PS_PER_US),
  'Order of magnitude of preempting and saving all waves of a GPU; no measurement of this project',
  'assumed',
);
/** AMD: the queues are mapped again and their waves restored. */
export const QUEUE_START = cost(
  picoseconds(100 * PS_PER_US),
  'As for the stop; no measurement of this project',
  'assumed',
);
/** AMD: how long after an eviction of the queues the driver maps what changed and starts them again. */
export const SVM_RESTORE_DELAY = cost(
  picoseconds(PS_PER_MS),
  'AMDGPU_SVM_RANGE_RESTORE_DELAY_MS of kfd_svm.c, Linux 6.12',
  'definition',
);
/** MI300A: what accesses through entries of 4 KiB take more than through entries of 2 MiB, as a part of their time. */
export const SMALL_PAGE_SLOWDOWN = cost(
  0.15,
  'LLNL, Using El Capitan Systems, Memory Management: pages of 4 KiB cost about 15 %',
  'published',
);
/** A call of an explicit-copy library: allocate, free or start a copy. */
export const LIBRARY_CALL = cost(
  picoseconds(10 * PS_PER_US),
  'Order of magnitude of cudaMalloc and cudaMemcpy call overheads; no measurement of this project',
  'assumed',
);
/** Answer of a userfaultfd handler: wake, copy, continue. */
export const USERFAULT = cost(
  picoseconds(10 * PS_PER_US),
  'Order of magnitude of two context switches and a UFFDIO_COPY; no measurement of this project',
  'assumed',
);
