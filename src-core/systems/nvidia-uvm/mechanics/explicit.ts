/**
 * What a program asks of the driver outside of faults: cudaMemPrefetchAsync, cudaMemAdvise and discard (uvm_migrate.c,
 * uvm_policy.c). Ranges are rounded out to pages by who read the file.
 */
import {
  clearMask,
  countPages,
  createPageMask,
  fillRange,
  isEmpty,
  nextSet,
  type PageMask,
} from '../../../base/page-mask';
import { MOVE_CAUSE } from '../decisions/thrashing-detector';
import { PROTECTION, READ_DUPLICATION } from '../decisions/vocabulary';
import { NO_EVENT } from '../../../model/events';
import type { OsAction } from '../../../model/os-action';
import { type ProcessorIndex, asProcessor, CPU, NO_PROCESSOR } from '../../../model/processor';
import { toVirtual } from '../../../model/space';
import { REASON } from '../../../kit/codes';
import { type Granule, asGranule } from '../../../base/indices';
import type { UvmHost } from './host';
import { mapAccessedBy, setProtection } from './mapping';
import type { MoveOrder } from './mover';
import type { BlockService } from './service';
import { LIST, type VaBlock } from './va-block';

export type RangeAdvice = Omit<Extract<OsAction, { readonly kind: 'advise' }>, 'kind' | 'range'>;

export class ExplicitCalls {
  private readonly pages = createPageMask();

  constructor(
    private readonly host: UvmHost,
    private readonly service: BlockService,
  ) {}

  /** Calls `work` for each block of [first, outer) granules, with its pages of the range. */
  private each(first: number, outer: number, work: (block: VaBlock, pages: PageMask) => void): void {
    const { pagesPerBlock } = this.host;
    for (let at = first; at < outer;) {
      const index = Math.floor(at / pagesPerBlock);
      const base = index * pagesPerBlock;
      const end = Math.min(outer, base + pagesPerBlock);
      const block = this.host.blockAt(index);
      clearMask(this.pages);
      fillRange(this.pages, Math.max(block.first, at - base), Math.min(block.outer, end - base));
      if (!isEmpty(this.pages)) work(block, this.pages);
      at = end;
    }
  }

  /** cudaMemPrefetchAsync. Returns ok or the driver's error. The clock of the driver's work advances. */
  migrate(first: Granule, outer: number, to: ProcessorIndex): string {
    const group = this.preunmapGroup(first, outer);
    let result = 'ok';
    for (let from = first; from < outer;) {
      const end = asGranule(group > 0 ? Math.min(outer, this.endOfGroup(from, group)) : outer);
      if (group > 0 && result === 'ok') this.preunmap(from, end, to);
      this.each(from, end, (block, pages) => {
        if (result === 'ok') result = this.migrateBlock(block, pages, to);
      });
      from = end;
    }
    return result;
  }

  /**
   * Granules that are unmapped from the CPU at once; 0: each block when it is moved (uvm_migrate.c:333-348). It pays only
   * where the CPU's link is fast, and in migrations of several blocks.
   */
  private preunmapGroup(first: number, outer: number): number {
    const { params, topology, pagesPerBlock } = this.host;
    const isAhead = params.uvm_perf_migrate_cpu_preunmap_enable && topology.fastLink[CPU] !== 0;
    const isSingle = Math.floor(first / pagesPerBlock) === Math.floor((outer - 1) / pagesPerBlock);
    return isSingle || !isAhead ? 0 : 2 ** params.uvm_perf_migrate_cpu_preunmap_block_order * pagesPerBlock;
  }

  /** Groups end at multiples of their size in virtual addresses (uvm_migrate.c:509-538). */
  private endOfGroup(granule: Granule, group: number): number {
    const { granuleBytes, config } = this.host;
    const address = toVirtual(config.space, granule * granuleBytes) / granuleBytes;
    return granule + group - (address % group);
  }

  /**
   * One unmapping, with one shootdown, for a group of blocks (uvm_migrate.c:398-457). None where a page would have to stay
   * mapped: it is at the destination already, or will be read-duplicated.
   */
  private preunmap(first: number, outer: number, to: ProcessorIndex): void {
    const { host } = this;
    const mapped: { readonly block: VaBlock; readonly pages: PageMask; readonly stays: boolean }[] = [];
    this.each(first, outer, (block, range) => {
      const pages = createPageMask();
      let stays = host.ranges.of(block.index).readDuplication === READ_DUPLICATION.enabled;
      for (let i = 0; i < pages.length; i++) {
        pages[i] = range[i]! & block.readable[CPU]![i]!;
        if ((pages[i]! & block.resident[to]![i]!) !== 0) stays = true;
      }
      mapped.push({ block, pages, stays });
    });
    if (mapped.some(({ stays }) => stays)) return;
    let count = 0;
    for (const { block, pages } of mapped) {
      count += countPages(pages);
      for (const masks of [block.readable, block.writable, block.atomic])
        for (let i = 0; i < pages.length; i++) masks[CPU]![i] = masks[CPU]![i]! & ~pages[i]!;
      host.access.refresh(block, CPU, pages, () => undefined);
    }
    if (count === 0) return;
    host.tally.preunmaps++;
    host.work.driver('perPageUnmap', count);
    host.work.driver('tlbShootdown');
  }

  private migrateBlock(block: VaBlock, range: PageMask, to: ProcessorIndex): string {
    const { host, service } = this;
    const pages = createPageMask();
    for (let i = 0; i < pages.length; i++) {
      pages[i] = range[i]!;
      block.discarded[i] = block.discarded[i]! & ~range[i]!;
    }
    host.work.driver('perBlock');
    while (to !== CPU) {
      const populated = service.populator.populate(block, to, pages, NO_EVENT);
      if (populated === 'ready') break;
      if (populated === 'none') return 'ENOMEM';
    }
    // Pages that a range with read duplication holds elsewhere get a copy; everything else moves.
    const copies = host.ranges.of(block.index).readDuplication === READ_DUPLICATION.enabled;
    const unmapped = createPageMask();
    const order: MoveOrder = {
      ...{ destination: to, pages, prefetched: null, cause: MOVE_CAUSE.apiMigrate, reason: REASON.explicit, copies },
      ...{ causeOf: () => NO_EVENT, policy: host.config.policies.migrationIndex },
    };
    service.mover.move(block, order);
    // The second pass maps on the destination the pages that are mapped nowhere.
    for (let i = 0; i < unmapped.length; i++) {
      let mapped = 0;
      for (const readable of block.readable) mapped |= readable[i]!;
      unmapped[i] = pages[i]! & ~mapped;
    }
    this.mapAll(block, to, unmapped, copies);
    mapAccessedBy(host, block, pages);
    return 'ok';
  }

  private mapAll(block: VaBlock, processor: ProcessorIndex, pages: PageMask, readOnly: boolean): void {
    const { host } = this;
    if (isEmpty(pages)) return;
    const protection = readOnly ? PROTECTION.readOnly : PROTECTION.readWriteAtomic;
    for (
      let page = nextSet(pages, block.first, block.outer);
      page < block.outer;
      page = nextSet(pages, page + 1, block.outer)
    )
      setProtection(block, processor, page, protection);
    if (processor !== CPU) host.work.driver('ptePerUpdate');
    host.access.refresh(block, processor, pages, (granule) => {
      host.answered(processor, granule);
    });
  }

  /** cudaMemAdvise and cuMemDiscard. Returns ok, or EINVAL for a hint that this driver does not know. */
  advise(first: number, outer: number, { hint, at }: RangeAdvice): string {
    const place = at ?? CPU;
    switch (hint) {
      case 'preferred-location':
        this.each(first, outer, (block, pages) => {
          this.prefer(block, pages, place);
        });
        return 'ok';
      case 'no-preferred-location':
        this.each(first, outer, (block) => {
          this.host.ranges.set(block.index, { preferred: NO_PROCESSOR });
        });
        return 'ok';
      case 'accessed-by':
      case 'not-accessed-by':
        this.each(first, outer, (block, pages) => {
          const { accessedBy } = this.host.ranges.of(block.index);
          const bit = 1 << place;
          this.host.ranges.set(block.index, {
            accessedBy: hint === 'accessed-by' ? accessedBy | bit : accessedBy & ~bit,
          });
          mapAccessedBy(this.host, block, pages);
        });
        return 'ok';
      case 'read-mostly':
        this.each(first, outer, (block, pages) => {
          this.duplicate(block, pages);
        });
        return 'ok';
      case 'not-read-mostly':
        this.each(first, outer, (block, pages) => {
          this.collapse(block, pages);
        });
        return 'ok';
      case 'discard':
        this.each(first, outer, (block, pages) => {
          this.discard(block, pages);
        });
        return 'ok';
      default:
        return 'EINVAL';
    }
  }

  /** Nothing moves; remote mappings of the processor that shall have the pages go, so that it faults and gets them. */
  private prefer(block: VaBlock, pages: PageMask, place: ProcessorIndex): void {
    const { host } = this;
    const before = host.ranges.of(block.index);
    host.ranges.set(block.index, { preferred: place });
    const remote = createPageMask();
    for (let i = 0; i < remote.length; i++)
      remote[i] = pages[i]! & block.readable[place]![i]! & ~block.resident[place]![i]!;
    this.unmapFor(block, remote, place);
    if (before.preferred !== NO_PROCESSOR && (before.accessedBy & (1 << before.preferred)) !== 0)
      mapAccessedBy(host, block, pages);
  }

  private unmapFor(block: VaBlock, pages: PageMask, processor: ProcessorIndex): void {
    if (isEmpty(pages)) return;
    for (const masks of [block.readable, block.writable, block.atomic])
      for (let i = 0; i < pages.length; i++) masks[processor]![i] = masks[processor]![i]! & ~pages[i]!;
    this.host.access.refresh(block, processor, pages, () => undefined);
    this.host.work.driver('tlbShootdown');
  }

  /** Every mapping becomes read-only, so that the next reader gets a copy and the next writer collapses them. */
  private duplicate(block: VaBlock, pages: PageMask): void {
    const { host } = this;
    const { accessedBy } = host.ranges.of(block.index);
    host.ranges.set(block.index, { readDuplication: READ_DUPLICATION.enabled });
    for (let p = CPU; p < host.topology.processors; p++) {
      const changed = createPageMask();
      for (let i = 0; i < changed.length; i++) {
        changed[i] = block.writable[p]![i]! & pages[i]!;
        block.writable[p]![i] = block.writable[p]![i]! & ~pages[i]!;
        block.atomic[p]![i] = block.atomic[p]![i]! & ~pages[i]!;
      }
      host.access.refresh(block, p, changed, () => undefined);
      if ((accessedBy & (1 << p)) === 0) continue;
      for (let i = 0; i < changed.length; i++)
        changed[i] = pages[i]! & block.readable[p]![i]! & ~block.resident[p]![i]!;
      this.unmapFor(block, changed, p);
    }
  }

  /** One copy stays: the preferred location's where it holds one, else the lowest processor's. */
  private collapse(block: VaBlock, pages: PageMask): void {
    const { host, service } = this;
    const { preferred } = host.ranges.of(block.index);
    host.ranges.set(block.index, { readDuplication: READ_DUPLICATION.disabled });
    for (
      let page = nextSet(pages, block.first, block.outer);
      page < block.outer;
      page = nextSet(pages, page + 1, block.outer)
    ) {
      const holders = block.holders(page);
      if ((holders & (holders - 1)) === 0) continue;
      const keeps =
        preferred !== NO_PROCESSOR && (holders & (1 << preferred)) !== 0
          ? preferred
          : asProcessor(31 - Math.clz32(holders & -holders));
      const one = createPageMask();
      fillRange(one, page, page + 1);
      service.mover.keepOnly(block, keeps, one, REASON.explicit);
    }
    mapAccessedBy(host, block, pages);
  }

  /** The contents are given up: no mapping, and nothing to copy when the pages go somewhere. */
  private discard(block: VaBlock, pages: PageMask): void {
    const { host, service } = this;
    const gone = createPageMask();
    for (let i = 0; i < gone.length; i++) {
      let held = 0;
      for (const resident of block.resident) held |= resident[i]!;
      gone[i] = pages[i]! & held;
      block.discarded[i] = block.discarded[i]! | gone[i]!;
    }
    service.mover.tables.unmap(block, gone, NO_PROCESSOR);
    for (let p = 1; p < host.topology.processors; p++) {
      const { root } = block.backing[p]!;
      if (!root) continue;
      let kept = 0;
      for (let i = 0; i < gone.length; i++) kept |= block.resident[p]![i]! & ~block.discarded[i]!;
      if (kept === 0) host.memoryOf[p]!.move(root, LIST.discarded);
    }
  }
}
