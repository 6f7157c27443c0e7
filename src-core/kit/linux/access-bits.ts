/**
 * The page tables of all processors of a Linux system: rewritten at each change of a page-table entry, and by backends whose
 * devices have tables of their own.
 */
import { CPU, type ProcessorIndex, GPU0 } from '../../model/processor';
import { vmaAt, type Mm } from '../../kernel/mm';
import { eachEntry } from '../../kernel/page-table';
import { HOLE, P, PRESENT, SPECIAL, ZERO } from '../../kernel/pte-tables';
import type { Granule } from '../../base/indices';
import type { LinuxHost, PageOrigin } from './backend';
import type { LinuxAccess } from './host-parts';
import { ACCESS_BITS, AccessTable, FRESH, localBits, READ_LOCAL, remoteBits } from '../access-table';

export class AccessBits extends AccessTable implements LinuxAccess {
  readonly touchedByDevice: Uint8Array;

  constructor(
    private readonly memory: LinuxHost,
    devices: number,
    granules: number,
  ) {
    super(devices + 1, granules);
    this.touchedByDevice = new Uint8Array(granules);
  }

  get(processor: ProcessorIndex, granule: Granule): number {
    return this.bytes[processor]![granule]! & ACCESS_BITS;
  }

  set(processor: ProcessorIndex, granule: Granule, bits: number): void {
    const bytes = this.bytes[processor]!;
    const fresh = processor !== CPU && (bits & READ_LOCAL) !== 0 && this.touchedByDevice[granule] === 0 ? FRESH : 0;
    bytes[granule] = (bytes[granule]! & ~(ACCESS_BITS | FRESH)) | bits | fresh;
  }

  /** The first use of a page that a device was given ahead; false: it is none. */
  firstUse(processor: ProcessorIndex, granule: Granule): boolean {
    const bytes = this.bytes[processor]!;
    if ((bytes[granule]! & FRESH) === 0) return false;
    bytes[granule] = bytes[granule]! & ~FRESH;
    return true;
  }

  /**
   * The entry that a process has for the granule, in the tables of all that walk them.
   * @param bits see pte-tables.ts; a hole where the VMA permits no access
   * @param frame of the base page, −1 where the entry has none
   */
  write(mm: Mm, granule: Granule, bits: number, frame: number): void {
    const { backend } = this.memory;
    const origin = frame < 0 ? null : mm.kernel.frames.owner(frame);
    this.set(CPU, granule, this.cpuBits(bits, origin));
    if (!backend.sharedTable) return;
    for (let device = GPU0; device < this.bytes.length; device++)
      this.set(device, granule, backend.sharedTable(device, bits, origin));
  }

  refresh(mm: Mm, start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) {
      const granule = this.memory.processes.granule(mm, vpn);
      const isReadable = vmaAt(mm, vpn)?.prot !== 'none';
      if (granule < 0) continue;
      eachEntry(mm, vpn, vpn + 1, (_vpn, bits, frame) => {
        this.write(mm, granule, isReadable ? bits : HOLE, frame);
      });
    }
  }

  private cpuBits(bits: number, origin: PageOrigin | null): number {
    const state = bits & P.state;
    if ((state !== PRESENT && state !== ZERO && state !== SPECIAL) || (bits & P.protnone) !== 0) return 0;
    const { backend } = this.memory;
    const isNear = origin === null || (backend.isHostLocal?.(origin) ?? backend.ownerOfPage(origin) === CPU);
    const write = (bits & P.write) !== 0;
    return isNear ? localBits(write) : remoteBits(write);
  }
}
