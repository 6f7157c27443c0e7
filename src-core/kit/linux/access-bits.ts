/**
 * The page tables of all processors as bytes, kept for the hot path: rewritten at each change of a page-table entry, and
 * by backends whose devices have tables of their own.
 */
import { CPU, type AccessOp, type ProcessorIndex } from '../../model/processor';
import { vmaAt, type Mm } from '../../kernel/mm';
import { eachEntry } from '../../kernel/page-table';
import { HOLE, P, PRESENT, SPECIAL, ZERO } from '../../kernel/pte-tables';
import { TRACKED } from '../../contracts/accessed-memory';
import type { LinuxHost, PageOrigin } from './backend';
import type { AccessTable } from './host-parts';
import { ACCESS_BITS, FRESH, LOCAL_NEED, localBits, READ_LOCAL, REMOTE_NEED, remoteBits } from './bits';

export class AccessBits implements AccessTable {
  private readonly state: readonly Uint8Array[];
  readonly touchedByDevice: Uint8Array;

  constructor(
    private readonly memory: LinuxHost,
    devices: number,
    granules: number,
  ) {
    this.state = Array.from({ length: devices + 1 }, () => new Uint8Array(granules));
    this.touchedByDevice = new Uint8Array(granules);
  }

  /** One byte per granule, see bits.ts. */
  of(processor: ProcessorIndex): Uint8Array {
    return this.state[processor]!;
  }

  get(processor: ProcessorIndex, granule: number): number {
    return this.state[processor]![granule]! & ACCESS_BITS;
  }

  set(processor: ProcessorIndex, granule: number, bits: number): void {
    const state = this.state[processor]!;
    const fresh = processor !== CPU && (bits & READ_LOCAL) !== 0 && this.touchedByDevice[granule] === 0 ? FRESH : 0;
    state[granule] = (state[granule]! & ~(ACCESS_BITS | FRESH)) | bits | fresh;
  }

  isLocal(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.state[processor]![granule]! & LOCAL_NEED[op]!) !== 0;
  }
  isRemote(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return (this.state[processor]![granule]! & REMOTE_NEED[op]!) !== 0;
  }
  isMapped(processor: ProcessorIndex, granule: number, op: AccessOp): boolean {
    return this.isLocal(processor, granule, op) || this.isRemote(processor, granule, op);
  }

  /** The first use of a page that a device was given ahead; false: it is none. */
  firstUse(processor: ProcessorIndex, granule: number): boolean {
    const state = this.state[processor]!;
    if ((state[granule]! & FRESH) === 0) return false;
    state[granule] = state[granule]! & ~FRESH;
    return true;
  }

  /** The ledger follows the granule's bytes, or no longer. */
  track(granule: number, on: boolean): void {
    for (const state of this.state) state[granule] = on ? state[granule]! | TRACKED : state[granule]! & ~TRACKED;
  }

  /**
   * The entry that a process has for the granule, in the tables of all that walk them.
   * @param bits see pte-tables.ts; a hole where the VMA lets nobody in
   * @param frame of the base page, −1 where the entry has none
   */
  write(mm: Mm, granule: number, bits: number, frame: number): void {
    const { backend } = this.memory;
    const origin = frame < 0 ? null : mm.kernel.frames.owner(frame);
    this.set(CPU, granule, this.cpuBits(bits, origin));
    if (!backend.sharedTable) return;
    for (let device = 1; device < this.state.length; device++)
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
