/** VMAs: insertion, splitting at a border, merging of neighbours that are alike (mm/vma.c). */
import type { MemPolicy, Mm, Vma } from './mm';
import { PMD_PAGES } from './page';
import { splitHuge } from './split-huge';

/** The fields of a VMA that mmap sets; the others have defaults. */
export function makeVma(start: number, end: number, rest: Partial<Omit<Vma, 'start' | 'end'>>): Vma {
  return {
    start,
    end,
    prot: rest.prot ?? 'rw',
    shared: rest.shared ?? false,
    file: rest.file ?? null,
    fileOffset: rest.fileOffset ?? 0,
    hugetlb: rest.hugetlb ?? false,
    io: rest.io ?? false,
    mixedmap: rest.mixedmap ?? false,
    dontexpand: rest.dontexpand ?? false,
    dax: rest.dax ?? false,
    locked: rest.locked ?? false,
    thp: rest.thp ?? 'default',
    mergeable: rest.mergeable ?? false,
    dontfork: rest.dontfork ?? false,
    wipeonfork: rest.wipeonfork ?? false,
    uffdMissing: rest.uffdMissing ?? false,
    policy: rest.policy ?? null,
    hasAnon: rest.hasAnon ?? false,
  };
}

/** Inserts a VMA where nothing is mapped. */
export function insertVma(mm: Mm, vma: Vma): void {
  let at = mm.vmas.length;
  while (at > 0 && mm.vmas[at - 1]!.start > vma.start) at--;
  if ((at > 0 && mm.vmas[at - 1]!.end > vma.start) || (at < mm.vmas.length && mm.vmas[at]!.start < vma.end))
    throw new Error('a VMA was inserted over another one');
  mm.vmas.splice(at, 0, vma);
}

/**
 * Splits the VMA at a page, if it lies inside. Both halves stay the same in all but their range; a PMD entry across the new
 * border becomes PTEs (vma_adjust_trans_huge). A hugetlb VMA is only split between huge pages, which its callers check with `canIsolate`.
 */
function splitVmaAt(mm: Mm, vpn: number): void {
  const at = mm.vmas.findIndex((vma) => vma.start < vpn && vpn < vma.end);
  if (at < 0) return;
  const vma = mm.vmas[at]!;
  const upper: Vma = { ...vma, start: vpn, fileOffset: vma.fileOffset + (vpn - vma.start) };
  vma.end = vpn;
  mm.vmas.splice(at + 1, 0, upper);
  if (vma.file) vma.file.references++;
  if (vpn % PMD_PAGES !== 0) splitHuge(mm, vpn);
}

const KEYS = [
  'prot',
  'shared',
  'file',
  'hugetlb',
  'io',
  'mixedmap',
  'dontexpand',
  'dax',
  'locked',
  'thp',
  'mergeable',
  'dontfork',
  'wipeonfork',
  'uffdMissing',
] as const;

/** mpol_equal. */
const samePolicy = (a: MemPolicy | null, b: MemPolicy | null): boolean =>
  a === b || (a !== null && b !== null && a.mode === b.mode && a.home === b.home && a.nodes.join() === b.nodes.join());

function alike(a: Vma, b: Vma): boolean {
  if (a.end !== b.start || KEYS.some((key) => a[key] !== b[key]) || !samePolicy(a.policy, b.policy)) return false;
  return a.file === null || a.fileOffset + (a.end - a.start) === b.fileOffset;
}

/** Merges neighbours in [start, end] that are alike. */
export function mergeVmas(mm: Mm, start: number, end: number): void {
  for (let i = 1; i < mm.vmas.length;) {
    const a = mm.vmas[i - 1]!;
    const b = mm.vmas[i]!;
    if (b.start > end) return;
    if (a.end < start || !alike(a, b)) {
      i++;
      continue;
    }
    a.end = b.end;
    a.hasAnon ||= b.hasAnon;
    if (b.file) b.file.references--;
    mm.vmas.splice(i, 1);
  }
}

/** VMAs that overlap [start, end), as they are (not split). */
export const vmasIn = (mm: Mm, start: number, end: number): readonly Vma[] =>
  mm.vmas.filter((vma) => vma.start < end && vma.end > start);

/** false: a border lies inside a huge page of a hugetlb VMA, which cannot be split there (vm_ops->may_split). */
export const canIsolate = (mm: Mm, start: number, end: number): boolean =>
  [start, end].every((vpn) => vpn % PMD_PAGES === 0 || !mm.vmas.some((v) => v.hugetlb && v.start < vpn && vpn < v.end));

/** Splits at both borders and returns the VMAs that lie inside. */
export function isolateRange(mm: Mm, start: number, end: number): readonly Vma[] {
  splitVmaAt(mm, start);
  splitVmaAt(mm, end);
  return vmasIn(mm, start, end);
}

/** true: every page of the range is in some VMA. */
export function isCovered(mm: Mm, start: number, end: number): boolean {
  let at = start;
  for (const vma of mm.vmas) {
    if (vma.end <= at) continue;
    if (vma.start > at) return false;
    at = vma.end;
    if (at >= end) return true;
  }
  return at >= end;
}
