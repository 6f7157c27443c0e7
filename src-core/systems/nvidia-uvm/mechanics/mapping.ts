/**
 * Page-table entries after pages are where they belong: for the requester, for those whose mappings must give way, and
 * for those that shall always have one (accessed-by, and all processors that compete for a pinned page).
 */
import { countPages, createPageMask, isRangeFull, nextSet, type PageMask } from '../../../base/page-mask';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { AccessedByQuestion, PermissionQuestion, RevocationAnswer } from '../decisions/questions';
import { accessedByProtection, newPermission, protectionWithoutRevocation, revocation } from '../decisions/permissions';
import { ACCESS, PROTECTION, READ_DUPLICATION, type AccessType, type Protection } from '../decisions/vocabulary';
import type { UvmHost } from './host';
import { nowNs } from './mover';
import type { MapRemoteCause } from './tools-events';
import type { VaBlock } from './va-block';

const LOGICAL = PROTECTION.readWriteAtomic;

/** Sets the mapping of a page; none removes it. */
export function setProtection(block: VaBlock, processor: ProcessorIndex, page: number, protection: Protection): void {
  const word = page >>> 5;
  const bit = 1 << (page & 31);
  const put = (mask: PageMask, on: boolean): void => {
    mask[word] = on ? mask[word]! | bit : mask[word]! & ~bit;
  };
  put(block.readable[processor]!, protection >= PROTECTION.readOnly);
  put(block.writable[processor]!, protection >= PROTECTION.readWrite);
  put(block.atomic[processor]!, protection >= PROTECTION.readWriteAtomic);
}

/**
 * Entries that a processor's page table needs for some pages (uvm_va_block.c:7329-7473): one for a whole block that is there
 * and looks the same everywhere, one per 64 KiB that does, else one per page.
 */
export function pageTableEntries(
  block: VaBlock,
  processor: ProcessorIndex,
  pages: PageMask,
  pagesPerBigPage: number,
): number {
  const { first, outer } = block;
  const resident = block.resident[processor]!;
  const atomic = block.atomic[processor]!;
  if (!block.isHmm && block.isWhole && isRangeFull(resident, first, outer) && isRangeFull(atomic, first, outer))
    return 1;
  let entries = 0;
  for (let page = nextSet(pages, first, outer); page < outer;) {
    const big = Math.floor(page / pagesPerBigPage) * pagesPerBigPage;
    const end = big + pagesPerBigPage;
    const isBig =
      !block.isHmm && big >= first && end <= outer && isRangeFull(resident, big, end) && isRangeFull(atomic, big, end);
    if (isBig) entries++;
    else
      for (let p = page; p < Math.min(end, outer); p = nextSet(pages, p + 1, outer)) {
        if (p >= end) break;
        entries++;
      }
    page = nextSet(pages, Math.min(end, outer), outer);
  }
  return entries;
}

export class Mapper {
  private readonly permission: PermissionQuestion = {
    ...{ requester: CPU, residency: CPU, access: ACCESS.read, logical: LOGICAL },
    ...{ mayBeReadDuplicated: false, atomicMappers: 0, discarded: false },
  };
  private readonly lost: RevocationAnswer = { processors: 0, revoked: PROTECTION.none };
  private readonly changed: readonly PageMask[];
  private readonly remote = createPageMask();
  private readonly pagesPerBigPage: number;

  constructor(private readonly host: UvmHost) {
    this.changed = Array.from({ length: host.topology.processors }, createPageMask);
    this.pagesPerBigPage = 65536 / host.granuleBytes;
  }

  /**
   * Maps pages of one residency for the requester.
   * @param moved pages that have just arrived at the residency: no other processor maps them
   * @param accessOf access type by page
   * @param pinned pages that thrash and are pinned where they are; null where none is
   */
  map(
    block: VaBlock,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    pages: PageMask,
    moved: PageMask,
    accessOf: Uint8Array,
    pinned: PageMask | null,
  ): void {
    const { host, changed } = this;
    const policy = host.ranges.of(block.index);
    for (const mask of changed) mask.fill(0);
    const shares = policy.accessedBy !== 0 || pinned !== null;
    if (!shares && this.mapAlike(block, requester, residency, pages, moved)) {
      this.tell(block, requester, pinned);
      this.finish(block);
      return;
    }
    const { outer } = block;
    let known: AccessType | -1 = -1;
    let granted: Protection = PROTECTION.none;
    for (let page = nextSet(pages, block.first, outer); page < outer; page = nextSet(pages, page + 1, outer)) {
      const word = page >>> 5;
      const bit = 1 << (page & 31);
      const access = accessOf[page]! as AccessType;
      const isMoved = (moved[word]! & bit) !== 0;
      const isDuplicated = (block.readDuplicated[word]! & bit) !== 0;
      const isPlain = isMoved && !isDuplicated;
      if (!isPlain || access !== known) {
        granted = this.permissionOf(block, requester, residency, page, access, isDuplicated);
        known = isPlain ? access : -1;
      }
      if (!isMoved && granted >= PROTECTION.readWrite) this.revoke(block, requester, residency, page, granted);
      const before = block.protection(requester, page);
      if (granted > before) {
        setProtection(block, requester, page, granted);
        changed[requester]![word] = changed[requester]![word]! | bit;
      }
      if (shares)
        this.share(block, requester, residency, page, granted, pinned !== null && (pinned[word]! & bit) !== 0);
    }
    this.tell(block, requester, pinned);
    this.finish(block);
  }

  /**
   * Pages that have just arrived and have no copies: no processor maps them, so the permission depends only on the access.
   * Where it is the same for every access (it is, for memory of one's own), all are mapped at once. false: nothing was done.
   */
  private mapAlike(
    block: VaBlock,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    pages: PageMask,
    moved: PageMask,
  ): boolean {
    const { readDuplicated } = block;
    for (let i = 0; i < pages.length; i++) if ((pages[i]! & (~moved[i]! | readDuplicated[i]!)) !== 0) return false;
    const any = nextSet(pages, block.first, block.outer);
    const granted = this.permissionOf(block, requester, residency, any, ACCESS.prefetch, false);
    for (let access = ACCESS.prefetch + 1; access <= ACCESS.atomicStrong; access++)
      if (this.permissionOf(block, requester, residency, any, access as AccessType, false) !== granted) return false;
    const columns = [block.readable, block.writable, block.atomic];
    for (let protection = PROTECTION.readOnly; protection <= granted; protection++) {
      const column = columns[protection - PROTECTION.readOnly]![requester]!;
      for (let i = 0; i < pages.length; i++) column[i] = column[i]! | pages[i]!;
    }
    this.changed[requester]!.set(pages);
    return true;
  }

  private permissionOf(
    block: VaBlock,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    page: number,
    access: AccessType,
    isDuplicated: boolean,
  ): Protection {
    const { permission, host } = this;
    permission.requester = requester;
    permission.residency = residency;
    permission.access = access;
    permission.logical = LOGICAL;
    permission.mayBeReadDuplicated =
      isDuplicated || host.ranges.of(block.index).readDuplication === READ_DUPLICATION.enabled;
    permission.atomicMappers = block.mappers(page, PROTECTION.readWriteAtomic);
    permission.discarded = ((block.discarded[page >>> 5]! >>> (page & 31)) & 1) === 1;
    return newPermission(permission, host.topology);
  }

  private revoke(
    block: VaBlock,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    page: number,
    granted: Protection,
  ): void {
    const { host, lost, changed } = this;
    const mapped = block.mappers(page, PROTECTION.readOnly) & ~(1 << requester);
    if (mapped === 0) return;
    revocation(granted, requester, residency, mapped, host.topology, lost);
    for (let p = CPU; p < changed.length; p++) {
      if ((lost.processors & (1 << p)) === 0 || block.protection(p, page) < lost.revoked) continue;
      setProtection(block, p, page, (lost.revoked - 1) as Protection);
      changed[p]![page >>> 5] = changed[p]![page >>> 5]! | (1 << (page & 31));
      host.tally.revocations++;
      host.thrashing?.revoked(block.index, page, page + 1, p, nowNs(host));
    }
  }

  /** Creates the mappings that processors get without a fault. */
  private share(
    block: VaBlock,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    page: number,
    granted: Protection,
    isPinned: boolean,
  ): void {
    const { host, changed } = this;
    const policy = host.ranges.of(block.index);
    const question: AccessedByQuestion = {
      ...{ requester, residency, granted },
      accessedBy: policy.accessedBy,
      pinnedProcessors: isPinned ? (host.thrashing?.processors(block.index, page) ?? 0) : 0,
      preferred: policy.preferred,
      readDuplicated:
        policy.readDuplication === READ_DUPLICATION.enabled ||
        ((block.readDuplicated[page >>> 5]! >>> (page & 31)) & 1) === 1,
    };
    for (let p = CPU; p < changed.length; p++) {
      if (p === requester) continue;
      const protection = accessedByProtection(question, p, host.topology);
      if (protection <= block.protection(p, page)) continue;
      setProtection(block, p, page, protection);
      changed[p]![page >>> 5] = changed[p]![page >>> 5]! | (1 << (page & 31));
      if (p === residency) continue;
      host.tally.mapRemote++;
      host.tools.page('MapRemote', isPinned ? 'thrashing' : 'policy', p, block.index, page);
    }
  }

  /** Pages that the requester maps remotely. */
  private tell(block: VaBlock, requester: ProcessorIndex, pinned: PageMask | null): void {
    const { host, remote } = this;
    for (const cause of ['policy', 'thrashing'] as const) {
      if (cause === 'thrashing' && pinned === null) return;
      let any = 0;
      for (let i = 0; i < remote.length; i++) {
        const kind = cause === 'thrashing' ? pinned![i]! : ~(pinned?.[i] ?? 0);
        any |= remote[i] = this.changed[requester]![i]! & ~block.resident[requester]![i]! & kind;
      }
      if (any !== 0) tellMapRemote(host, block, requester, remote, cause);
    }
  }

  /** Writes what changed into page tables and the hot path's bytes. */
  private finish(block: VaBlock): void {
    const { host, changed } = this;
    for (let p = CPU; p < changed.length; p++) {
      const pages = changed[p]!;
      if (nextSet(pages, block.first, block.outer) >= block.outer) continue;
      if (p !== CPU) host.work.driver('ptePerUpdate', pageTableEntries(block, p, pages, this.pagesPerBigPage));
      host.access.refresh(block, p, pages, (granule) => {
        host.answered(p, granule);
      });
    }
  }
}

function tellMapRemote(
  host: UvmHost,
  block: VaBlock,
  processor: ProcessorIndex,
  pages: PageMask,
  cause: MapRemoteCause,
): void {
  host.tally.mapRemote += countPages(pages);
  host.tools.mask('MapRemote', cause, processor, block, pages);
}

/** After an eviction, or new advice: mappings of those in accessed-by, at the highest protection that revokes nothing. */
export function mapAccessedBy(host: UvmHost, block: VaBlock, pages: PageMask): void {
  const { accessedBy, readDuplication } = host.ranges.of(block.index);
  if (accessedBy === 0 || readDuplication === READ_DUPLICATION.enabled) return;
  for (let p = CPU; p < host.topology.processors; p++)
    if ((accessedBy & (1 << p)) !== 0) mapWithoutRevocation(host, block, pages, p, 'policy');
}

/** Maps pages where they are for a processor that did not ask, at the highest protection that takes nothing from others. */
export function mapWithoutRevocation(
  host: UvmHost,
  block: VaBlock,
  pages: PageMask,
  processor: ProcessorIndex,
  cause: MapRemoteCause,
): void {
  const changed = createPageMask();
  let count = 0;
  const { outer } = block;
  for (let page = nextSet(pages, block.first, outer); page < outer; page = nextSet(pages, page + 1, outer)) {
    const holders = block.holders(page);
    if (holders === 0) continue;
    const protection = protectionWithoutRevocation(
      {
        ...{ processor, resident: holders, hmm: block.isHmm },
        mapped: block.mappers(page, PROTECTION.readOnly),
        writers: block.mappers(page, PROTECTION.readWrite),
        atomicMappers: block.mappers(page, PROTECTION.readWriteAtomic),
      },
      host.topology,
    );
    if (protection <= block.protection(processor, page)) continue;
    setProtection(block, processor, page, protection);
    changed[page >>> 5] = changed[page >>> 5]! | (1 << (page & 31));
    count++;
  }
  if (count === 0) return;
  const remote = createPageMask();
  for (let i = 0; i < remote.length; i++) remote[i] = changed[i]! & ~block.resident[processor]![i]!;
  tellMapRemote(host, block, processor, remote, cause);
  if (processor !== CPU) host.work.driver('ptePerUpdate', count);
  host.access.refresh(block, processor, changed, (granule) => {
    host.answered(processor, granule);
  });
}
