/**
 * Host memory over the bus (F): nothing ever moves. `notifier` mirrors the CPU's page table; `pinned` takes a long-term
 * reference on each page at its first use, which counts against the limit of locked memory and keeps reclaim away.
 */
import { MIB } from '../../../base/units';
import { CPU, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import { gup, ungup } from '../../../kernel/gup';
import type { Mm } from '../../../kernel/mm';
import { PAGE_BYTES, type Page } from '../../../kernel/page';
import type { DeviceFaultPage } from '../../../kit/linux/backend';
import { READ_LOCAL, remoteBits } from '../../../kit/access-table';
import { REASON } from '../../../kit/codes';
import type { Granule } from '../../../base/indices';
import { HmmBackend, mirrorOptions } from '../../hmm/mechanics/backend';
import type { HostParams } from '../params';

export class HostBackend extends HmmBackend {
  private readonly pinned: { readonly mm: Mm; readonly page: Page }[] = [];

  private readonly pins: boolean;

  constructor(
    private readonly params: HostParams,
    chunkBytes: number,
  ) {
    super(() => mirrorOptions(chunkBytes));
    this.pins = params.mode === 'pinned';
  }

  /** RLIMIT_MEMLOCK in pages; Infinity: none. */
  private get limit(): number {
    const { pinLimit } = this.params;
    return pinLimit > 0 ? pinLimit * (MIB / PAGE_BYTES) : Infinity;
  }

  override capacity(): number {
    return Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES);
  }
  override free(): number {
    return this.capacity();
  }

  override decide(device: ProcessorIndex, granule: Granule, op: AccessOp): number {
    return this.pins ? REASON.remoteMap : super.decide(device, granule, op);
  }

  override deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    if (!this.pins) {
      super.deviceFaults(device, faults);
      return;
    }
    const { memory } = this;
    for (const { granule, op } of faults) {
      const process = memory.processes.of(granule);
      if (!process || memory.access.isRemote(device, granule, op)) continue;
      if (this.pinned.length >= this.limit) {
        memory.outcomes.outcome('ENOMEM', device, granule, op, process);
        continue;
      }
      const vpn = memory.map.vpn(granule);
      const flags = { write: true, pin: true, longTerm: true, fast: false };
      let held = gup(memory.kernel, process.mm, vpn, flags);
      // A read-only mapping is pinned for reading; the shared zero page needs no pin.
      if (held.ret === 'EFAULT' && op === 0) held = gup(memory.kernel, process.mm, vpn, { ...flags, write: false });
      if (held.ret !== null) {
        memory.outcomes.outcome(held.ret, device, granule, op, process);
        continue;
      }
      if (held.page) {
        this.pinned.push({ mm: process.mm, page: held.page });
        memory.tally.pin(1);
      }
      memory.access.set(device, granule, remoteBits(memory.access.get(CPU, granule) !== READ_LOCAL));
    }
  }

  override processEnds(mm: Mm): void {
    super.processEnds(mm);
    for (let i = this.pinned.length - 1; i >= 0; i--) {
      const held = this.pinned[i]!;
      if (held.mm !== mm) continue;
      this.pinned.splice(i, 1);
      ungup(this.memory.kernel, held.page, { write: true, pin: true, longTerm: true });
      this.memory.tally.pin(-1);
    }
  }
}
