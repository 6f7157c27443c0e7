/**
 * NUMA balancing and memory tiers (section 12). Hint scanning makes pages inaccessible to see who uses them; the fault
 * moves the page to that node. In tiering mode only pages of a lower tier are scanned, and a page is promoted when it was
 * used within the hot threshold of its scan and the rate limit allows (U5). Left out: the two-stage filter of the same
 * task, per-task scan periods, cpusets.
 */
import { PS_PER_MS, PS_PER_S } from '../../base/units';
import type { FaultResult } from './errno';
import type { Kernel } from './kernel';
import { migrateFolio } from './migrate-entries';
import { isAnonymous, vmaAt, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { folioPages, isZoneDevice, PAGE_BYTES, PMD_PAGES, type Page } from './page';
import { entryAt, pageOf, pmdOf, pmdStart } from './page-table';
import { changeEntry } from './rmap';
import type { Ret } from './errno';
import { isCovered, isolateRange, mergeVmas } from './vma-ops';

/** Abstract distance of a node, and so its tier (U3): DRAM 576 is tier 4, the kmem default 2880 is tier 22. */
export const DRAM_DISTANCE = 4 * 128 + 64;
export const KMEM_DISTANCE = 5 * DRAM_DISTANCE;
export const tierOf = (distance: number): number => Math.floor(distance / 128);

/** Pages of one scan: 256 MB (numa_balancing_scan_size_mb). */
const SCAN_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;

export interface TieringOptions {
  readonly demotion: boolean;
  readonly hotThresholdMs: number;
  readonly rateMbps: number;
}

interface ScanState {
  /** Where the next scan goes on, by address space. */
  readonly cursor: Map<Mm, number>;
  /** When the page was scanned last, ps. */
  readonly scannedAt: Map<Page, number>;
  nowPs: number;
  windowPs: number;
  promotedBytes: number;
}

const states = new WeakMap<Kernel, ScanState>();
function stateOf(kernel: Kernel): ScanState {
  let state = states.get(kernel);
  if (!state) {
    state = { cursor: new Map(), scannedAt: new Map(), nowPs: 0, windowPs: 0, promotedBytes: 0 };
    states.set(kernel, state);
  }
  return state;
}

/** Switches to mode 2: nodes above 0 are lower tiers. */
export function setTiering(kernel: Kernel, options: TieringOptions): void {
  kernel.tiering = options;
}

/**
 * One scan of an address space (task_numa_work): up to 256 MB of present pages become protnone, under PROTECTION_VMA.
 * Zone-device pages are left out (U1), and in tiering mode the pages of the upper tier.
 */
export function scanAddressSpace(kernel: Kernel, mm: Mm, nowPs: number): void {
  const state = stateOf(kernel);
  state.nowPs = nowPs;
  let left = SCAN_PAGES;
  const from = state.cursor.get(mm) ?? 0;
  for (const vma of mm.vmas) {
    if (vma.end <= from || left <= 0) continue;
    if (vma.prot === 'none' || vma.hugetlb || vma.io || vma.mixedmap || vma.dax) continue;
    const start = Math.max(vma.start, from);
    const end = Math.min(vma.end, start + left);
    invalidate(mm, start, end, 'PROTECTION_VMA', () => {
      scanRange(kernel, mm, start, end, nowPs);
    });
    left -= end - start;
    state.cursor.set(mm, end);
  }
  if (left > 0) state.cursor.set(mm, 0);
}

function scanRange(kernel: Kernel, mm: Mm, start: number, end: number, nowPs: number): void {
  for (let vpn = start; vpn < end;) {
    const found = entryAt(mm, vpn);
    const step = found?.huge
      ? pmdStart(vpn) + PMD_PAGES - vpn
      : mm.pmds.has(pmdOf(vpn))
        ? 1
        : pmdStart(vpn) + PMD_PAGES - vpn;
    const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
    if (found && page && !isZoneDevice(page) && !found.entry.protnone && !(kernel.tiering && page.head.node === 0)) {
      stateOf(kernel).scannedAt.set(page.head, nowPs);
      changeEntry(mm, found.huge ? pmdStart(vpn) : vpn, found.huge, { ...found.entry, protnone: true });
    }
    vpn += step;
  }
}

/** A hint fault (do_numa_page): the entry works again, and the page moves to who used it, if it may. */
export function hintFault(kernel: Kernel, mm: Mm, _vma: Vma, vpn: number): FaultResult {
  const { entry, huge } = entryAt(mm, vpn)!;
  const { head } = pageOf(entry, huge, vpn)!;
  changeEntry(mm, huge ? pmdStart(vpn) : vpn, huge, { ...entry, protnone: false, young: true });
  kernel.counters.numaHintFaults++;
  if (isZoneDevice(head) || head.node === kernel.localNode) return 'ok';
  if (kernel.tiering) {
    if (kernel.localNode === 0 && mayPromote(kernel, head) && migrateFolio(kernel, head, 0)) kernel.counters.promoted++;
  } else if (roomOn(kernel, head, kernel.localNode) && migrateFolio(kernel, head, kernel.localNode))
    kernel.counters.numaMigrated++;
  return 'ok';
}

const roomOn = (kernel: Kernel, head: Page, node: number): boolean =>
  kernel.used[node]! + folioPages(head) <= kernel.config.nodes[node]!.pages;

/** Hot enough and within the rate limit (should_numa_migrate_memory, U5). */
function mayPromote(kernel: Kernel, head: Page): boolean {
  const { hotThresholdMs, rateMbps } = kernel.tiering!;
  const state = stateOf(kernel);
  const latency = state.nowPs - (state.scannedAt.get(head) ?? 0);
  if (latency > hotThresholdMs * PS_PER_MS) return false;
  if (state.nowPs - state.windowPs >= PS_PER_S) {
    state.windowPs = state.nowPs;
    state.promotedBytes = 0;
  }
  const bytes = folioPages(head) * PAGE_BYTES;
  if (state.promotedBytes + bytes > rateMbps * 1_000_000) return false;
  state.promotedBytes += bytes;
  return roomOn(kernel, head, 0);
}

/** Time as the caller has it, for the latency of hint faults. */
export function setNow(kernel: Kernel, nowPs: number): void {
  if (kernel.tiering) stateOf(kernel).nowPs = nowPs;
}

/** Reclaim of the upper tier: a cold folio goes to the next lower one that has room, before anything is swapped (U4). */
export function demote(kernel: Kernel, head: Page): boolean {
  if (!kernel.tiering?.demotion) return false;
  for (let node = head.node + 1; node < kernel.config.nodes.length; node++)
    if (roomOn(kernel, head, node) && migrateFolio(kernel, head, node)) {
      kernel.counters.demoted++;
      return true;
    }
  return false;
}

/** mbind(MPOL_BIND, MPOL_MF_MOVE): later pages come from the node, present ones move; device pages are ignored (A9). */
export function mbind(kernel: Kernel, mm: Mm, start: number, end: number, node: number): Ret {
  if (node < 0 || node >= kernel.config.nodes.length) return 'EINVAL';
  if (!isCovered(mm, start, end)) return 'EFAULT';
  for (const vma of isolateRange(mm, start, end)) vma.node = node;
  for (let vpn = start; vpn < end; vpn++) {
    const found = entryAt(mm, vpn);
    const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
    const vma = vmaAt(mm, vpn);
    if (page?.kind === 'ram' && page.head.node !== node && vma && isAnonymous(vma))
      migrateFolio(kernel, page.head, node);
  }
  mergeVmas(mm, start, end);
  return null;
}
