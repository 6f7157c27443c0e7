/** Address spaces, VMAs, processes and what they are charged for (struct mm_struct, vm_area_struct, mem_cgroup). */
import type { MempolicyMode } from '../model/os-action';
import type { FileInode } from './file';
import type { Kernel } from './kernel';
import type { IntervalNotifier } from './notifier';

/** PROT_READ, PROT_WRITE; PROT_EXEC has no effect here. Write without read does not exist on x86 (M4). */
export type Prot = 'none' | 'r' | 'rw';

/** struct mempolicy of a VMA: which nodes its pages are to come from. */
export interface MemPolicy {
  readonly mode: MempolicyMode;
  /** Ascending, at least one. */
  readonly nodes: readonly number[];
  /** set_mempolicy_home_node: the node that allocations start from; null = none. Nothing to `preferred`. */
  readonly home: number | null;
}

/** Where an allocation of a VMA begins: the home node, else the own node if the policy has it, else the policy's first. */
export function policyNode(policy: MemPolicy | null, local: number): number {
  if (!policy) return local;
  if (policy.mode !== 'preferred' && policy.home !== null) return policy.home;
  return policy.nodes.includes(local) ? local : policy.nodes[0]!;
}

/** A mapped range of pages [start, end). Split and merged as the kernel does; never shared between two address spaces. */
export interface Vma {
  start: number;
  end: number;
  prot: Prot;
  readonly shared: boolean;
  /** Backing file (shmem for MAP_SHARED|MAP_ANONYMOUS); null for private anonymous memory. */
  readonly file: FileInode | null;
  /** Page of the file at `start`. */
  fileOffset: number;
  hugetlb: boolean;
  /** VM_IO or VM_PFNMAP: device registers, no struct pages. */
  readonly io: boolean;
  readonly mixedmap: boolean;
  readonly dontexpand: boolean;
  readonly dax: boolean;
  locked: boolean;
  /** MADV_HUGEPAGE / MADV_NOHUGEPAGE / neither. */
  thp: 'hugepage' | 'nohugepage' | 'default';
  mergeable: boolean;
  dontfork: boolean;
  wipeonfork: boolean;
  /** userfaultfd MISSING registered here. */
  uffdMissing: boolean;
  /** mbind; null = local. */
  policy: MemPolicy | null;
  /** anon_vma exists: a page was faulted in, so fork must copy the page table. */
  hasAnon: boolean;
}

/** Resident pages by kind, in base pages. Zone-device pages count as anon (R3). */
export interface Rss {
  anon: number;
  file: number;
  shmem: number;
  swap: number;
}

export class Memcg {
  /** Base pages charged. */
  charged = 0;
  constructor(
    readonly name: string,
    public limitPages: number,
  ) {}
}

export class Mm {
  /** Sorted by start, without overlaps. */
  readonly vmas: Vma[] = [];
  /** See page-table.ts. */
  readonly pmds = new Map<number, number>();
  readonly rss: Rss = { anon: 0, file: 0, shmem: 0, swap: 0 };
  /** Ascending by start. */
  readonly notifiers: IntervalNotifier[] = [];
  /** Pages of the longest notifier that there was: none that starts further below an address covers it. */
  notifierPagesMax = 0;
  /** Sequence of mmu_interval notifiers: odd while an invalidation that hits one is in flight (M16). */
  sequence = 0;
  /** Invalidations in flight: their ranges. */
  readonly invalidating: { readonly start: number; readonly end: number; readonly hits: boolean }[] = [];
  alive = true;

  constructor(
    readonly kernel: Kernel,
    readonly id: number,
    readonly memcg: Memcg,
  ) {}
}

export class Process {
  exited = false;
  /** Signal that ended it (SIGBUS, SIGSEGV, SIGKILL); null while it runs or after exit(). */
  signal: string | null = null;
  status = 0;
  constructor(
    readonly pid: number,
    readonly name: string,
    public mm: Mm,
    readonly parent: Process | null,
  ) {}
}

/** mbind(MPOL_BIND) to one node. */
export const bindTo = (node: number): MemPolicy => ({ mode: 'bind', nodes: [node], home: null });

export const vmaAt = (mm: Mm, vpn: number): Vma | null => {
  let low = 0;
  let high = mm.vmas.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const vma = mm.vmas[middle]!;
    if (vpn < vma.start) high = middle - 1;
    else if (vpn >= vma.end) low = middle + 1;
    else return vma;
  }
  return null;
};
/** Private anonymous (vma_is_anonymous): the only kind whose holes migrate_vma fills (G3). */
export const isAnonymous = (vma: Vma): boolean => vma.file === null && !vma.io && !vma.mixedmap;
/** VM_SPECIAL: VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP. */
export const isSpecial = (vma: Vma): boolean => vma.io || vma.mixedmap || vma.dontexpand;
export const canRead = (vma: Vma): boolean => vma.prot !== 'none';
export const canWrite = (vma: Vma): boolean => vma.prot === 'rw';
/** A write breaks COW instead of reaching the file: MAP_PRIVATE. */
export const isCow = (vma: Vma): boolean => !vma.shared;
