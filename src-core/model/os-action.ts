/**
 * What an application, or the person in front of the machine, asks of the operating system during a run: steps of a
 * workload besides loops. Names resolved, ranges in bytes of the object. What Linux would answer with an errno is an
 * outcome of the run (model/memory-system.ts), not an error of the file.
 */
import type { ProcessorIndex } from './processor';

export const MAPPINGS = ['anon', 'anon-shared', 'file-private', 'file-shared', 'hugetlb', 'dax', 'static'] as const;
/**
 * How an object is mapped. `anon`: malloc, MAP_PRIVATE|MAP_ANONYMOUS. `anon-shared`: MAP_SHARED|MAP_ANONYMOUS, one
 * memory for parent and children. `file-*`: a file of the object's size, in the page cache on demand. `hugetlb`: 2 MiB
 * pages of the pool. `dax`: a file on persistent or device memory. `static`: .data/.bss, which is private anonymous
 * memory that no allocator call ever returned (requirement 6b).
 */
export type MappingKind = (typeof MAPPINGS)[number];

export const ADVICE = [
  'dontneed',
  'free',
  'cold',
  'pageout',
  'hugepage',
  'nohugepage',
  'collapse',
  'populate-write',
  'mergeable',
  'unmergeable',
] as const;
export type Advice = (typeof ADVICE)[number];

export const HINTS = [
  'preferred-location',
  'no-preferred-location',
  'accessed-by',
  'not-accessed-by',
  'read-mostly',
  'not-read-mostly',
  'discard',
  'access',
  'granularity',
  'always-mapped',
  'not-always-mapped',
  'atomic-device',
  'atomic-global',
  'atomic-cpu',
  'atomic-undefined',
] as const;
/**
 * Hints of a program to a device's driver about a range: cudaMemAdvise, hipMemAdvise, attributes of hsa_amd_svm_attributes_set, the
 * madvise ioctl of Xe. A driver that does not know a hint answers EINVAL. `accessed-by`: the device maps the data where it is
 * (ACCESS_IN_PLACE of AMD); `access`: the data comes to the device that faults (AMD); `granularity`: log2 of the pages that
 * move together (AMD); `always-mapped`: queues stop rather than fault (AMD); `atomic-*`: where atomics may happen (Xe).
 */
export type Hint = (typeof HINTS)[number];
/** MPOL_BIND, MPOL_PREFERRED, MPOL_PREFERRED_MANY. */
export const MEMPOLICY_MODES = ['bind', 'preferred', 'preferred-many'] as const;
export type MempolicyMode = (typeof MEMPOLICY_MODES)[number];

/** Part of an object of one process: bytes [from, to), rounded out to pages. */
export interface OsRange {
  /** Index of the object (of its name; swaps apply). */
  readonly object: number;
  readonly from: number;
  readonly to: number;
}

export type OsAction =
  | { readonly kind: 'munmap'; readonly range: OsRange }
  /** Moves the range elsewhere in the address space; accesses follow. `dontUnmap`: MREMAP_DONTUNMAP. */
  | { readonly kind: 'mremap'; readonly range: OsRange; readonly dontUnmap: boolean }
  | { readonly kind: 'mprotect'; readonly range: OsRange; readonly prot: 'none' | 'r' | 'rw' }
  | { readonly kind: 'madvise'; readonly range: OsRange; readonly advice: Advice }
  | { readonly kind: 'mlock' | 'munlock'; readonly range: OsRange }
  /** mbind, and set_mempolicy_home_node where `home` is no null: nodes are those of processors, ascending, at least one. */
  | {
      readonly kind: 'mbind';
      readonly range: OsRange;
      readonly mode: MempolicyMode;
      readonly nodes: readonly ProcessorIndex[];
      readonly home: ProcessorIndex | null;
    }
  /** GUP: `longTerm` is FOLL_PIN|FOLL_LONGTERM. Held until unpin or exit. */
  | { readonly kind: 'pin'; readonly range: OsRange; readonly longTerm: boolean; readonly write: boolean }
  | { readonly kind: 'unpin'; readonly range: OsRange }
  | { readonly kind: 'fork'; readonly child: string }
  | { readonly kind: 'exit' | 'exec' }
  /** fsync/msync: writeback of the object's dirty pages. */
  | { readonly kind: 'sync'; readonly range: OsRange }
  /** ftruncate of the object's file. */
  | { readonly kind: 'truncate'; readonly range: OsRange }
  /** read() or write() of the file, past the mappings. */
  | { readonly kind: 'file-read' | 'file-write'; readonly range: OsRange }
  /** Moves the range to a processor now: cudaMemPrefetchAsync, hipMemPrefetchAsync, the driver's migrate ioctl. */
  | { readonly kind: 'migrate'; readonly range: OsRange; readonly to: ProcessorIndex }
  /** Gives the device's driver a hint about the range. `at`: of which processor; `value`: of `granularity`. */
  | {
      readonly kind: 'advise';
      readonly range: OsRange;
      readonly hint: Hint;
      readonly at: ProcessorIndex | null;
      readonly value: number | null;
    }
  /**
   * A copy engine of a device copies the same bytes of object `source` into the range: cudaMemcpyAsync on managed memory. An
   * engine cannot be replayed as a thread group can: each page it misses is a fault of its own.
   */
  | { readonly kind: 'memcpy'; readonly range: OsRange; readonly source: number; readonly device: ProcessorIndex }
  /** Evicts everything from the device and takes its memory away; `replug` gives it back. */
  | { readonly kind: 'unplug' | 'replug'; readonly device: ProcessorIndex }
  /** The kernel itself allocates (page cache of others, network buffers, slab). Where it lands is the question of 1b. */
  | { readonly kind: 'kernel-allocation'; readonly bytes: number }
  /** Some other process fills host memory. */
  | { readonly kind: 'pressure'; readonly bytes: number }
  /** memory.max of the cgroup of the run's processes. */
  | { readonly kind: 'memory-limit'; readonly bytes: number }
  /** Requirement 5: migration off or on again, for one process or all. */
  | { readonly kind: 'migration'; readonly enabled: boolean }
  /** userfaultfd MISSING on the range; a handler answers each missing page with a copy of zeros after `latencyPs`. */
  | { readonly kind: 'userfaultfd'; readonly range: OsRange }
  /** KSM scans what MADV_MERGEABLE allows. */
  | { readonly kind: 'ksm-scan' };

/** An action in a step: which process asks. */
export interface OsStep {
  readonly process: string;
  readonly action: OsAction;
}
/** Process that exists at the start of every run. */
export const MAIN_PROCESS = 'main';
