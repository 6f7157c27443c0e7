/** Mappings that give way when pages move or get copies, and the host pages that GPUs reach by DMA. */
import { createPageMask, popcount, type PageMask } from '../../../base/page-mask';
import { CPU, type ProcessorIndex } from '../../../model/processor';

import type { UvmHost } from './host';
import type { VaBlock } from './va-block';

export class PageTables {
  private readonly lost = createPageMask();

  constructor(private readonly host: UvmHost) {}

  /** Takes every processor's mapping of the pages away, `except` none or one. */
  unmap(block: VaBlock, pages: PageMask, except: ProcessorIndex): void {
    const { host, lost } = this;
    for (let p = CPU; p < block.readable.length; p++) {
      if (p === except) continue;
      const readable = block.readable[p]!;
      let count = 0;
      for (let i = 0; i < lost.length; i++) {
        lost[i] = readable[i]! & pages[i]!;
        if (lost[i] === 0) continue;
        count += popcount(lost[i]!);
        readable[i] = readable[i]! & ~lost[i]!;
        block.writable[p]![i] = block.writable[p]![i]! & ~lost[i]!;
        block.atomic[p]![i] = block.atomic[p]![i]! & ~lost[i]!;
      }
      if (count === 0) continue;
      host.access.refresh(block, p, lost, () => undefined);
      if (p === CPU) host.work.driver('perPageUnmap', count);
      else host.work.driver('ptePerUpdate', 1);
      host.work.driver('tlbShootdown');
    }
  }

  /** With copies, every processor has a read-only mapping. */
  downgrade(block: VaBlock, pages: PageMask): void {
    const { host, lost } = this;
    for (let p = CPU; p < block.writable.length; p++) {
      let any = 0;
      for (let i = 0; i < lost.length; i++) {
        any |= lost[i] = block.writable[p]![i]! & pages[i]!;
        block.writable[p]![i] = block.writable[p]![i]! & ~pages[i]!;
        block.atomic[p]![i] = block.atomic[p]![i]! & ~pages[i]!;
      }
      if (any === 0) continue;
      host.access.refresh(block, p, lost, () => undefined);
      host.work.driver('tlbShootdown');
    }
  }

  /**
   * Makes host pages reachable for GPUs: the pages of the move, and with them all of the block that the host has, as the
   * driver maps a block's pages when it first sets up the block's GPU state. Hence the first fault of a block takes longer.
   */
  mapForDma(block: VaBlock, pages: PageMask): void {
    const { dmaMapped } = block;
    const populated = block.resident[CPU]!;
    let fresh = 0;
    for (let i = 0; i < dmaMapped.length; i++) {
      const reached = pages[i]! | populated[i]!;
      fresh += popcount(reached & ~dmaMapped[i]!);
      dmaMapped[i] = dmaMapped[i]! | reached;
    }
    if (fresh > 0) this.host.work.driver('dmaMapPerPage', fresh);
  }
}
