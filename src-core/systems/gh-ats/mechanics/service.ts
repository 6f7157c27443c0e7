/**
 * What UVM does with one window of 2 MiB on ATS, for faults and for notifications of access counters
 * (uvm_ats_faults.c:63-111, 506-816, and uvm_migrate_pageable.c behind it; driver 595.45.04). Faults fill holes on the
 * destination and give pages that exist what they lack; access counters move pages that exist.
 */
import { assert } from '../../../base/assert';
import { PS_PER_S } from '../../../base/units';
import { andMask, andNotMask, createPageMask, nextSet, orMask, setPage, type PageMask } from '../../../base/page-mask';
import { CPU, type ProcessorIndex, asProcessor } from '../../../model/processor';
import { handleFault } from '../../../kernel/fault';
import { canRead, canWrite, type Mm } from '../../../kernel/mm';
import { PAGE_BYTES } from '../../../kernel/page';
import { entryAt, pageOf } from '../../../kernel/page-table';
import { isHole, populateHole } from '../../../kernel/populate';
import type { LinuxHost } from '../../../kit/linux/backend';
import { REASON } from '../../../kit/codes';
import { errnoOf } from '../../../kit/linux/signals';
import { answerUserfault } from '../../../kit/linux/userfaults';
import { atsDestination } from '../decisions/residency';
import { AtsPrefetcher } from './prefetch';
import type { GhAtsParams } from '../params';
import type { AtsWindow, FaultWindow } from './window';

/** A page may have to be swapped in, answered by userfaultfd, copied …; more indicates a bug in the engine. */
const MOST_FAULTS = 16;

/** Moves small pages [start, start + pages) to a node; returns how many stayed. */
export type MovePages = (mm: Mm, start: number, pages: number, node: number) => number;

export class AtsService {
  private readonly prefetcher: AtsPrefetcher;

  constructor(
    private readonly memory: LinuxHost,
    private readonly params: GhAtsParams,
    /** Small pages of one page of the kernel. */
    private readonly basePages: number,
    private readonly move: MovePages,
  ) {
    this.prefetcher = new AtsPrefetcher(basePages, params);
  }

  private get isDriverManaged(): boolean {
    return this.params.NVreg_CoherentGPUMemoryMode === 'driver';
  }

  // --- faults ---
  /** Pages that are to be written first, with what is prefetched for writing; then those that are only read. */
  faults(device: ProcessorIndex, window: FaultWindow): void {
    const { vma, read, write } = window;
    const accessed = createPageMask();
    orMask(accessed, read);
    orMask(accessed, write);
    // Writes to a VMA that forbids them are fatal; where reads wait for the same page these are served before.
    if (!canWrite(vma)) andMask(write, read);
    const denied = canRead(vma) ? null : 'EFAULT';
    const results = new Map<number, string>();
    this.memory.spend(this.memory.config.machine.timing?.driver?.perBlock.value ?? 0);
    if (!denied) {
      const destination = atsDestination(device, vma.policy, this.isDriverManaged);
      const { resident, isFirstTouch } = this.residency(window, destination.node);
      const ahead = this.prefetcher.choose(window, device, destination, accessed, resident, isFirstTouch);
      orMask(read, ahead);
      if (canWrite(vma)) orMask(write, ahead);
      andNotMask(read, write);
      this.placeAll(device, window, write, canWrite(vma), destination.node, accessed, results);
      this.placeAll(device, window, read, false, destination.node, accessed, results);
    }
    // `ok` and still out of reach: a write that the VMA forbids, where a read was served.
    const failed = (page: number): string => denied ?? results.get(page)?.replace('ok', 'EFAULT') ?? 'EFAULT';
    this.report(device, window, failed);
  }

  /** An outcome for each fault whose access cannot be made now. */
  private report(device: ProcessorIndex, window: FaultWindow, resultOf: (page: number) => string): void {
    const { memory } = this;
    for (const [page, faults] of window.faults)
      for (const { granule, op } of faults) {
        const process = memory.processes.of(granule);
        if (process && !memory.access.isMapped(device, granule, op))
          memory.outcomes.outcome(resultOf(page), device, granule, op, process);
      }
  }

  private placeAll(
    device: ProcessorIndex,
    window: AtsWindow,
    mask: PageMask,
    write: boolean,
    node: number,
    accessed: PageMask,
    results: Map<number, string>,
  ): void {
    const { memory } = this;
    const { outer } = window;
    const ahead = { ...memory.context, reason: REASON.prefetch };
    for (let page = nextSet(mask, 0, outer); page < outer; page = nextSet(mask, page + 1, outer)) {
      const isAsked = nextSet(accessed, page, page + 1) === page;
      const context = isAsked ? memory.context : ahead;
      results.set(
        page,
        memory.withCause(context, () => this.place(device, window, page, write, node)),
      );
    }
  }

  /** Makes one page of the kernel reachable; answers `ok` or an errno. */
  private place(device: ProcessorIndex, window: AtsWindow, page: number, write: boolean, node: number): string {
    const { mm } = window;
    const { start, end } = this.smallPages(window, page);
    this.fill(mm, start, end, node);
    for (let vpn = start; vpn < end; vpn++) {
      const result = this.reach(device, mm, vpn, write);
      if (result !== 'ok') return result;
    }
    return 'ok';
  }

  /** Holes become pages of the node, as long as it has any; what is left comes from where the kernel's fault path takes it. */
  private fill(mm: Mm, start: number, end: number, node: number): boolean {
    let filled = 0;
    let isWhole = true;
    for (let vpn = start; vpn < end && isWhole; vpn++) {
      if (!isHole(mm, vpn)) continue;
      isWhole = populateHole(this.memory.kernel, mm, vpn, node);
      if (isWhole) filled++;
    }
    const driver = this.memory.config.machine.timing?.driver;
    if (driver && filled > 0) {
      const zeroingPs = ((filled * PAGE_BYTES) / driver.zeroing.value) * PS_PER_S;
      this.memory.spend(driver.populatePerChunk.value + Math.round(zeroingPs));
    }
    return isWhole;
  }

  private reach(device: ProcessorIndex, mm: Mm, vpn: number, write: boolean): string {
    const { memory } = this;
    const granule = memory.processes.granule(mm, vpn);
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      if (granule < 0 || memory.access.isMapped(device, granule, write ? 1 : 0)) return 'ok';
      const result = this.faultInPlace(mm, vpn, write);
      if (result === 'ok' || (result === 'uffd' && answerUserfault(memory, granule))) continue;
      return errnoOf(result);
    }
    assert(false, 'a GPU fault was handled again and again without making the access possible');
  }

  /**
   * The kernel's fault path on the driver's behalf, for permission, swap, files and where a node is full. It runs on a CPU,
   * so what it allocates comes from the host; a page that NUMA scanning hid works again where it lies.
   */
  private faultInPlace(mm: Mm, vpn: number, write: boolean): ReturnType<typeof handleFault> {
    const { kernel } = this.memory;
    const found = entryAt(mm, vpn);
    const page = found?.entry.protnone ? pageOf(found.entry, found.huge, vpn) : null;
    kernel.localNode = page ? page.head.node : CPU;
    const result = handleFault(kernel, mm, vpn, { write, remote: true });
    kernel.localNode = CPU;
    return result;
  }

  // --- access counters ---
  /**
   * Moves the pages that notifications of one window name, and what is prefetched with them. Returns the pages that are on
   * this GPU afterwards: their regions may be cleared.
   */
  counters(device: ProcessorIndex, window: AtsWindow, accessed: PageMask): PageMask {
    const { mm, vma, outer } = window;
    const { basePages } = this;
    const destination = atsDestination(device, vma.policy, this.isDriverManaged);
    const { resident } = this.residency(window, destination.node);
    const arrived = createPageMask();
    orMask(accessed, this.prefetcher.choose(window, device, destination, accessed, resident, true));
    if (destination.node === device) {
      orMask(arrived, accessed);
      andMask(arrived, resident);
    }
    andNotMask(accessed, resident);
    for (let page = nextSet(accessed, 0, outer); page < outer; page = nextSet(accessed, page + 1, outer)) {
      const { start, end } = this.smallPages(window, page);
      const hasRoom = destination.node === CPU || this.memory.backend.free(asProcessor(destination.node)) >= basePages;
      if (
        hasRoom &&
        this.fill(mm, start, end, destination.node) &&
        this.move(mm, start, end - start, destination.node) === 0
      )
        setPage(arrived, page);
    }
    return arrived;
  }

  /** Pages of the window that are on the node, and whether none is anywhere. */
  private residency(window: AtsWindow, node: number): { readonly resident: PageMask; readonly isFirstTouch: boolean } {
    const resident = createPageMask();
    let isFirstTouch = true;
    for (let page = window.first; page < window.outer; page++) {
      const { start } = this.smallPages(window, page);
      const found = entryAt(window.mm, start);
      if (found?.entry.state !== 'present') continue;
      isFirstTouch = false;
      if (pageOf(found.entry, found.huge, start)?.head.node === node) setPage(resident, page);
    }
    return { resident, isFirstTouch };
  }

  private smallPages({ vma, start }: AtsWindow, page: number): { readonly start: number; readonly end: number } {
    const from = start + page * this.basePages;
    return { start: Math.max(from, vma.start), end: Math.min(from + this.basePages, vma.end) };
  }
}
