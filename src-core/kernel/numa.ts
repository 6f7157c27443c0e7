/**
 * NUMA balancing and memory tiers (section 12). Hint scanning makes pages inaccessible to see who uses them; the fault
 * moves the page to that node. In tiering mode only pages of a lower tier are scanned, and a page is promoted when it was
 * used within the hot threshold of its scan and the rate limit allows (U5). Left out: the two-stage filter of the same
 * task, per-task scan periods, cpusets, the automatic adjustment of the threshold.
 */
import { PS_PER_MS, PS_PER_S } from '../base/units';
import type { FaultResult, Ret } from './errno';
import type { Kernel } from './kernel';
import { migrateFolio } from './migrate-entries';
import { policyNode, type MemPolicy, type Mm, type Vma } from './mm';
import { invalidate } from './notifier';
import { folioPages, PAGE_BYTES, PMD_PAGES, type Page } from './page';
import { isMappedElsewhere } from './places';
import { entryAt, pageOf, pmdKind, pmdStart } from './page-table';
import { changeEntry } from './rmap';
import { canIsolate, isCovered, isolateRange, mergeVmas } from './vma-ops';

/** Abstract distances (U3): DRAM is tier 4; kmem memory without better data is tier 22, five times as far. */
const DRAM_DISTANCE = 4 * 128 + 64;
const KMEM_DISTANCE = 5 * DRAM_DISTANCE;

/** Pages of one scan that found something: 256 MB (numa_balancing_scan_size_mb); and of address space looked at. */
const SCAN_PAGES = (256 * 1024 * 1024) / PAGE_BYTES;
const SCAN_SPACE = 8 * SCAN_PAGES;
/** Pages of a MB of the promotion rate limit, which the kernel takes as 2^20 bytes. */
const PAGES_PER_MB = 256;

/** State of NUMA balancing between two scans. */
export interface NumaScan {
  /** Where the next scan goes on, by address space. */
  readonly cursor: Map<Mm, number>;
  nowPs: number;
  /** The second in which promotions are counted: its start, and the pages that wanted to be promoted. */
  windowPs: number;
  candidates: number;
}

/** Switches to mode 2: nodes are in tiers by their abstract distance, and only what is below the CPUs' tier is scanned. */
export function setTiering(kernel: Kernel, options: NonNullable<Kernel['tiering']>): void {
  kernel.tiering = options;
}

/** Tier of a node: abstract distance / 128; the lower the faster (U3). */
export function tierOf(kernel: Kernel, node: number): number {
  const given = kernel.tiering?.distances?.[node];
  return Math.floor((given ?? (node === 0 ? DRAM_DISTANCE : KMEM_DISTANCE)) / 128);
}

/** node_is_toptier: as fast as the memory of the CPUs, or faster. */
const isTopTier = (kernel: Kernel, node: number): boolean => tierOf(kernel, node) <= tierOf(kernel, 0);

/** Sets the time that the latency of later hint faults is measured against. */
export function setNow(kernel: Kernel, nowPs: number): void {
  kernel.numaScan.nowPs = nowPs;
}

/**
 * One scan of an address space (task_numa_work): present pages become protnone, under PROTECTION_VMA, until 256 MB of
 * VMAs had some. Zone-device pages are left out (U1), and in tiering mode the pages of the upper tier.
 */
export function scanAddressSpace(kernel: Kernel, mm: Mm, nowPs: number): void {
  const state = kernel.numaScan;
  state.nowPs = nowPs;
  let left = SCAN_PAGES;
  let space = SCAN_SPACE;
  let at = state.cursor.get(mm) ?? 0;
  for (const vma of mm.vmas) {
    if (vma.prot === 'none' || vma.hugetlb || vma.io || vma.mixedmap || vma.dax) continue;
    while (at < vma.end && left > 0 && space > 0) {
      const start = Math.max(vma.start, at);
      at = Math.min(vma.end, start + left);
      if (scanRange(kernel, mm, vma, start, at)) left -= at - start;
      space -= at - start;
    }
  }
  state.cursor.set(mm, left > 0 && space > 0 ? 0 : at);
}

/**
 * Makes the pages of a range inaccessible; false: there was none to change. Mirrors are notified of populated ranges
 * only.
 */
function scanRange(kernel: Kernel, mm: Mm, vma: Vma, start: number, end: number): boolean {
  let changed = false;
  for (let vpn = pmdStart(start); vpn < end; vpn += PMD_PAGES) {
    if (pmdKind(mm, vpn) === 'none') continue;
    const from = Math.max(start, vpn);
    invalidate(mm, from, end, 'PROTECTION_VMA', () => {
      for (let at = from; at < end;) {
        const kind = pmdKind(mm, at);
        if (kind !== 'none' && makeInaccessible(kernel, mm, vma, at)) changed = true;
        at = kind === 'table' ? at + 1 : pmdStart(at) + PMD_PAGES;
      }
    });
    return changed;
  }
  return false;
}

/** change_pte_range with MM_CP_PROT_NUMA, one entry. */
function makeInaccessible(kernel: Kernel, mm: Mm, vma: Vma, vpn: number): boolean {
  const found = entryAt(mm, vpn);
  const page = found?.entry.state === 'present' && !found.entry.protnone ? pageOf(found.entry, found.huge, vpn) : null;
  if (!found || page?.kind !== 'ram' || page.head.ksm) return false;
  const { head } = page;
  // Copies that processes share until a write move for all or none, and pinned pages do not move.
  if (!vma.shared && (head.dmaPins > 0 || isMappedElsewhere(kernel.frames, head.pfn, mm))) return false;
  if (head.file?.kind === 'regular' && head.dirty) return false;
  if (kernel.tiering && isTopTier(kernel, head.node)) return false;
  const state = kernel.numaScan;
  kernel.frames.scannedPs.set(head.pfn, state.nowPs);
  changeEntry(mm, found.huge ? pmdStart(vpn) : vpn, found.huge, { ...found.entry, protnone: true });
  return true;
}

/** A hint fault (do_numa_page): the entry works again, and the page moves to the node that used it, if allowed. */
export function hintFault(kernel: Kernel, mm: Mm, _vma: Vma, vpn: number): FaultResult {
  const { entry, huge } = entryAt(mm, vpn)!;
  const { head } = pageOf(entry, huge, vpn)!;
  changeEntry(mm, huge ? pmdStart(vpn) : vpn, huge, { ...entry, protnone: false, young: true });
  kernel.counters.numaHintFaults++;
  const node = kernel.localNode;
  const size = folioPages(head);
  if (head.kind !== 'ram' || head.node === node) return 'ok'; // zone-device pages stay (U1)
  if (kernel.tiering) {
    const up = kernel.tiering.promotion !== false && isTopTier(kernel, node) && !isTopTier(kernel, head.node);
    if (up && isHot(kernel, head) && makeRoom(kernel, head, node) && migrateFolio(kernel, head, node))
      kernel.counters.promoted += size;
  } else if (roomOn(kernel, head, node) && migrateFolio(kernel, head, node)) kernel.counters.numaMigrated += size;
  return 'ok';
}

const roomOn = (kernel: Kernel, head: Page, node: number): boolean =>
  kernel.used[node]! + folioPages(head) <= kernel.config.nodes[node]!.pages;

/**
 * Room for a promotion, or a call to kswapd, which demotes cold pages of that node: this page stays for now, and its next
 * hint fault finds the room (migrate_misplaced_folio_prepare).
 */
function makeRoom(kernel: Kernel, head: Page, node: number): boolean {
  if (roomOn(kernel, head, node)) return true;
  if (kernel.tiering?.demotion) kernel.reclaim(node, folioPages(head), null);
  return false;
}

/** The page was used soon enough after its scan, and within the rate limit (should_numa_migrate_memory, U5). */
function isHot(kernel: Kernel, head: Page): boolean {
  const { hotThresholdMs, rateMbps } = kernel.tiering!;
  const state = kernel.numaScan;
  const scanned = kernel.frames.scannedPs.get(head.pfn);
  if (scanned === undefined || state.nowPs - scanned >= hotThresholdMs * PS_PER_MS) return false;
  if (state.nowPs - state.windowPs > PS_PER_S) {
    state.windowPs = state.nowPs;
    state.candidates = 0;
  }
  state.candidates += folioPages(head); // those that are refused count, too
  return state.candidates <= rateMbps * PAGES_PER_MB;
}

/**
 * Reclaim of an upper tier: a cold folio goes to the next lower tier that has room, before anything is swapped (U4).
 * false: there is none, and ordinary reclaim goes on.
 */
export function demote(kernel: Kernel, head: Page): boolean {
  if (!kernel.tiering?.demotion) return false;
  const own = tierOf(kernel, head.node);
  const lower = kernel.config.nodes.map((_, node) => node).filter((node) => tierOf(kernel, node) > own);
  const size = folioPages(head);
  lower.sort((a, b) => tierOf(kernel, a) - tierOf(kernel, b) || a - b);
  for (const node of lower)
    if (roomOn(kernel, head, node) && migrateFolio(kernel, head, node)) {
      kernel.counters.demoted += size;
      return true;
    }
  return false;
}

/**
 * mbind: later pages come from the nodes of the policy. Present ones elsewhere stay (`none`), move unless other processes
 * map them as well (`own`, MPOL_MF_MOVE), or move in any case (`all`, MPOL_MF_MOVE_ALL). Device pages are ignored (A9).
 */
export function mbind(
  kernel: Kernel,
  mm: Mm,
  start: number,
  end: number,
  policy: MemPolicy,
  moves: 'none' | 'own' | 'all',
): Ret {
  const { nodes, home } = policy;
  const named = home === null ? nodes : [...nodes, home];
  if (named.some((node) => node < 0 || node >= kernel.config.nodes.length)) return 'EINVAL';
  if (!isCovered(mm, start, end)) return 'EFAULT';
  if (!canIsolate(mm, start, end)) return 'EINVAL';
  for (const vma of isolateRange(mm, start, end)) vma.policy = policy;
  for (let vpn = start; vpn < end && moves !== 'none'; vpn++) {
    const found = entryAt(mm, vpn);
    const page = found?.entry.state === 'present' ? pageOf(found.entry, found.huge, vpn) : null;
    const stays = moves === 'own' && page !== null && isMappedElsewhere(kernel.frames, page.head.pfn, mm);
    if (page?.kind !== 'ram' || nodes.includes(page.head.node) || stays) continue;
    migrateFolio(kernel, page.head, policyNode(policy, kernel.localNode));
  }
  mergeVmas(mm, start, end);
  return null;
}

/**
 * Takes a node out of service (offline_pages): nothing is allocated there any more, and what can move goes to the host;
 * every movable page is on an LRU. Returns the base pages that stay: pinned, locked, or the kernel's own.
 */
export function offlineNode(kernel: Kernel, node: number): number {
  kernel.offline.add(node);
  const lists = [kernel.lru.inactive, kernel.lru.active, kernel.lru.unevictable];
  const heads = lists.flatMap((list) => [...list].filter((head) => head.node === node));
  for (const head of heads) migrateFolio(kernel, head, 0);
  return kernel.used[node]!;
}
