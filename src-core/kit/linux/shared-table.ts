/**
 * Devices that walk the CPU's page tables (ATS): an access faults only where the tables have no entry for it, and is
 * otherwise priced by who accesses whose memory. What coherent nodes and device files have in common. Left out: the
 * device's TLB and caches.
 */
import { assert } from '../../base/assert';
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import { handleFault } from '../../kernel/fault';
import type { NodeSpec } from '../../kernel/kernel';
import type { Mm } from '../../kernel/mm';
import { entryAt } from '../../kernel/page-table';
import { P, PRESENT, ZERO } from '../../kernel/pte-tables';
import type { Granule } from '../../base/indices';
import type { Backend, DeviceFaultPage, LinuxHost, PageOrigin, SystemTraits } from './backend';
import { localBits, remoteBits } from '../access-table';
import { REASON } from '../codes';
import { errnoOf } from './signals';
import { answerUserfault } from './userfaults';

/** A device fault may have to break COW after a swap-in after …; more indicates a bug in the engine. */
const MOST_FAULTS = 16;

export abstract class SharedTableBackend implements Backend {
  protected memory!: LinuxHost;
  abstract readonly traits: SystemTraits;
  abstract nodes(devicePages: number, devices: number): readonly NodeSpec[];
  abstract ownerOfPage(page: PageOrigin): ProcessorIndex;
  abstract capacity(device: ProcessorIndex): number;
  abstract free(device: ProcessorIndex): number;
  abstract migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string;
  abstract evacuate(device: ProcessorIndex): number;
  /** NUMA node that a page comes from when the device touches it first. */
  protected abstract nodeOf(device: ProcessorIndex): number;

  attach(memory: LinuxHost): void {
    this.memory = memory;
  }

  sharedTable(device: ProcessorIndex, bits: number, origin: PageOrigin | null): number {
    const state = bits & P.state;
    if ((bits & P.protnone) !== 0) return 0;
    if (state === ZERO) return remoteBits(false);
    if (state !== PRESENT || !origin) return 0;
    const write = (bits & P.write) !== 0;
    return this.ownerOfPage(origin) === device ? localBits(write) : remoteBits(write);
  }

  decide(_device: ProcessorIndex, granule: Granule, _op: AccessOp): number {
    const process = this.memory.processes.of(granule);
    const found = process ? entryAt(process.mm, this.memory.map.vpn(granule)) : null;
    if (!found) return REASON.firstTouch;
    if (found.entry.state === 'swap') return REASON.swapIn;
    return found.entry.protnone ? REASON.numaHint : REASON.noPermission;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    for (const fault of faults) this.deviceFault(device, fault);
  }

  /** The IOMMU asks the kernel to fault the page in, on behalf of the device. */
  private deviceFault(device: ProcessorIndex, { granule, op }: DeviceFaultPage): void {
    const { memory } = this;
    const { kernel } = memory;
    for (let attempt = 0; attempt < MOST_FAULTS; attempt++) {
      if (memory.access.isMapped(device, granule, op)) return;
      const process = memory.processes.of(granule);
      if (!process) return;
      kernel.localNode = this.nodeOf(device);
      const result = handleFault(kernel, process.mm, memory.map.vpn(granule), { write: op !== 0, remote: true });
      kernel.localNode = 0;
      if (result === 'ok' || (result === 'uffd' && answerUserfault(memory, granule))) continue;
      memory.outcomes.outcome(errnoOf(result), device, granule, op, process);
      return;
    }
    assert(false, 'a device fault was handled again and again without making the access possible');
  }
}
