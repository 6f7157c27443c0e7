/**
 * What the Linux paths cost, beyond the machine's own constants (model/machine.ts). One place, each with its origin;
 * issue 4 brings constants per machine.
 */
import { picoseconds, PS_PER_MS, PS_PER_NS, PS_PER_US, type Picoseconds } from '../../base/units';
import type { Sourced } from '../../model/machine';

/** One page read from swap on an NVMe drive. */
export const SWAP_READ: Sourced<Picoseconds> = {
  value: picoseconds(80 * PS_PER_US),
  source: 'Typical data-sheet latency of a random 4 KiB read of a TLC NVMe drive',
  grade: 'assumed',
};
/** One page written to swap or to a file. */
export const DISK_WRITE: Sourced<Picoseconds> = {
  value: picoseconds(20 * PS_PER_US),
  source: 'Typical data-sheet latency of a 4 KiB write into the cache of an NVMe drive',
  grade: 'assumed',
};
/** Following and rewriting one pointer of a list or tree that is copied to another address space. */
export const RELOCATE: Sourced<Picoseconds> = {
  value: picoseconds(100 * PS_PER_NS),
  source: 'One dependent access to host DRAM per node, about 100 ns',
  grade: 'assumed',
};
/** AMD: all queues of a process are unmapped from the hardware, their waves saved. */
export const QUEUE_STOP: Sourced<Picoseconds> = {
  value: picoseconds(100 * PS_PER_US),
  source: 'Order of magnitude of preempting and saving all waves of a GPU; no measurement of this project',
  grade: 'assumed',
};
/** AMD: the queues are mapped again and their waves restored. */
export const QUEUE_START: Sourced<Picoseconds> = {
  value: picoseconds(100 * PS_PER_US),
  source: 'As for the stop; no measurement of this project',
  grade: 'assumed',
};
/** AMD: how long after an eviction of the queues the driver maps what changed and starts them again. */
export const SVM_RESTORE_DELAY: Sourced<Picoseconds> = {
  value: picoseconds(PS_PER_MS),
  source: 'AMDGPU_SVM_RANGE_RESTORE_DELAY_MS of kfd_svm.c, Linux 6.12',
  grade: 'definition',
};
/** MI300A: what accesses through entries of 4 KiB take more than through entries of 2 MiB, as a part of their time. */
export const SMALL_PAGE_SLOWDOWN: Sourced<number> = {
  value: 0.15,
  source: 'LLNL, Using El Capitan Systems, Memory Management: pages of 4 KiB cost about 15 %',
  grade: 'published',
};
/** A call of an explicit-copy library: allocate, free or start a copy. */
export const LIBRARY_CALL: Sourced<Picoseconds> = {
  value: picoseconds(10 * PS_PER_US),
  source: 'Order of magnitude of cudaMalloc and cudaMemcpy call overheads; no measurement of this project',
  grade: 'assumed',
};
/** Answer of a userfaultfd handler: wake, copy, continue. */
export const USERFAULT: Sourced<Picoseconds> = {
  value: picoseconds(10 * PS_PER_US),
  source: 'Order of magnitude of two context switches and a UFFDIO_COPY; no measurement of this project',
  grade: 'assumed',
};
