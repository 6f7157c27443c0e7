/**
 * Explicit copies (E): two address spaces. At the first use of an operand in a step the library allocates a device
 * buffer, copies the whole operand in, and after the step copies it out and frees the buffer. Lists and trees hold
 * pointers, which have to be rewritten for the other address space both ways. An operand that does not fit is read over
 * the bus from pinned memory, and the refusal is an outcome.
 */
import { CPU, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import type { NodeSpec } from '../../../kernel/kernel';
import { handleFault } from '../../../kernel/fault';
import { PAGE_BYTES } from '../../../kernel/page';
import type { Backend, DeviceFaultPage, LinuxHost, PageOrigin } from '../../../kit/linux/backend';
import { localBits, remoteBits } from '../../../kit/access-table';
import { LIBRARY_CALL, RELOCATE } from '../../../kit/linux/costs';
import { REASON } from '../../../kit/codes';
import { NO_CONTEXT } from '../../../kit/linux/pending-moves';
import type { Piece } from '../../../kit/linux/space-map';
import { type Granule, asGranule } from '../../../base/indices';
import type { CopyParams } from '../params';

interface Buffer {
  readonly piece: Piece;
  /** Step instance that made it and frees it. */
  readonly step: number;
  written: boolean;
}

export class CopyBackend implements Backend {
  readonly traits = { samePointers: false, structPages: false, kernelPlaces: false, knobs: 'the library decides' };
  private memory!: LinuxHost;
  /** By device. */
  private readonly buffers: Map<Piece, Buffer>[] = [];
  private readonly used: number[] = [];
  /** When the copies of the step in progress have arrived, by device, ps. */
  private readonly arrival: number[] = [];
  /** Step instances in progress, by device. */
  private readonly steps: number[][] = [];
  /** Devices whose memory was taken away. */
  private readonly gone = new Set<ProcessorIndex>();
  /** Device writes that were not copied back: the host copy is stale. */
  private readonly stale = new Set<Piece>();

  constructor(private readonly params: CopyParams) {}

  nodes(): readonly NodeSpec[] {
    return [];
  }
  attach(memory: LinuxHost): void {
    this.memory = memory;
    for (let device = 0; device <= memory.config.devices; device++) {
      this.buffers.push(new Map());
      this.used.push(0);
      this.arrival.push(0);
      this.steps.push([]);
    }
  }
  ownerOfPage(_page: PageOrigin): ProcessorIndex {
    return CPU;
  }
  capacity(_device: ProcessorIndex): number {
    return Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES);
  }
  free(device: ProcessorIndex): number {
    return this.gone.has(device) ? 0 : this.capacity(device) - this.used[device]!;
  }
  decide(_device: ProcessorIndex, _granule: number, _op: AccessOp): number {
    return REASON.copyIn;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    for (const { granule, op } of faults) {
      const { memory } = this;
      const piece = memory.map.pieceAt(granule);
      if (!piece || !memory.processes.of(granule)) continue;
      const buffer = this.buffers[device]!.get(piece) ?? this.copyIn(device, piece, granule, op);
      if (!buffer || op === 0 || buffer.written) continue;
      buffer.written = true;
      for (let i = 0; i < piece.pages; i++) memory.access.set(device, asGranule(piece.granule + i), localBits(true));
    }
  }

  /** With a second buffer the kernel works on while the next part comes; it ends when the last part is there. */
  arrives(device: ProcessorIndex, readyPs: number, arrivedPs: number): number {
    if (!this.params.doubleBuffering) return arrivedPs;
    this.arrival[device] = Math.max(this.arrival[device]!, arrivedPs);
    return readyPs;
  }

  private copyIn(device: ProcessorIndex, piece: Piece, granule: Granule, op: AccessOp): Buffer | null {
    const { memory } = this;
    memory.tally.apiCalls += 2; // allocate, copy in
    memory.spend(2 * LIBRARY_CALL.value);
    const process = memory.processes.of(granule)!;
    if (this.free(device) < piece.pages) {
      memory.outcomes.outcome('ENOMEM', device, granule, op, process);
      for (let i = 0; i < piece.pages; i++) memory.access.set(device, asGranule(piece.granule + i), remoteBits(true));
      return null;
    }
    this.used[device] = this.used[device]! + piece.pages;
    memory.tally.copies(piece.pages * PAGE_BYTES);
    // The library reads the operand, so untouched pages are zero pages of the host.
    for (let i = 0; i < piece.pages; i++)
      if (memory.access.get(CPU, asGranule(piece.granule + i)) === 0)
        handleFault(memory.kernel, process.mm, memory.map.vpn(asGranule(piece.granule + i)), { write: false });
    this.relocate(piece);
    memory.contents?.copiedIn(device, piece, process);
    memory.withCause(NO_CONTEXT(REASON.copyIn), () => {
      for (let i = 0; i < piece.pages; i++) memory.locations.travel(asGranule(piece.granule + i), CPU, device);
    });
    for (let i = 0; i < piece.pages; i++) memory.access.set(device, asGranule(piece.granule + i), localBits(false));
    const buffer: Buffer = { piece, step: this.stepOf(device), written: false };
    this.buffers[device]!.set(piece, buffer);
    return buffer;
  }

  /** The kernel that faulted. A batch may be closed by the end of a step on another processor. */
  private stepOf(device: ProcessorIndex): number {
    const steps = this.steps[device]!;
    return steps.includes(this.memory.step) ? this.memory.step : steps.at(-1)!;
  }

  stepBegins(processor: ProcessorIndex): void {
    this.steps[processor]!.push(this.memory.step);
  }

  /** Rewrites each pointer of a list or tree for the other address space. */
  private relocate({ object }: Piece): void {
    if (object?.layout !== 'list' && object?.layout !== 'tree') return;
    const pointers = Math.floor(object.bytes / (this.params.pointerBytes || object.elementBytes));
    this.memory.tally.relocatedPointers += pointers;
    this.memory.spend(pointers * RELOCATE.value);
  }

  stepEnds(processor: ProcessorIndex): void {
    const { memory } = this;
    const steps = this.steps[processor]!;
    steps.splice(steps.indexOf(memory.step), 1);
    if (processor === CPU) return;
    const buffers = this.buffers[processor]!;
    memory.clocks.reach(processor, this.arrival[processor]!);
    for (const buffer of [...buffers.values()])
      if (buffer.step === memory.step) {
        buffers.delete(buffer.piece);
        this.release(processor, buffer);
      }
    memory.clocks.reach(processor, memory.flush(memory.clocks.now(processor)));
  }

  /** Copies back what has to be, and frees the buffer. */
  private release(device: ProcessorIndex, buffer: Buffer): void {
    const { memory } = this;
    const { piece } = buffer;
    const isBack = this.params.copyOut === 'all' || (this.params.copyOut === 'written' && buffer.written);
    for (let i = 0; i < piece.pages; i++) memory.access.set(device, asGranule(piece.granule + i), 0);
    if (isBack) this.copyOut(device, piece);
    else {
      for (let i = 0; i < piece.pages; i++) memory.locations.settle(asGranule(piece.granule + i), CPU);
      if (buffer.written) {
        this.stale.add(piece);
        this.distrust(piece);
      }
    }
    memory.contents?.dropped(device, piece);
    memory.tally.apiCalls++; // free
    memory.spend(LIBRARY_CALL.value);
    this.used[device] = this.used[device]! - piece.pages;
    memory.tally.copies(-piece.pages * PAGE_BYTES);
  }

  private copyOut(device: ProcessorIndex, piece: Piece): void {
    const { memory } = this;
    const process = memory.processes.of(piece.granule);
    if (!process) return;
    memory.tally.apiCalls++;
    memory.spend(LIBRARY_CALL.value);
    // The copy writes host pages: zero pages and pages shared after fork become pages of their own.
    for (let i = 0; i < piece.pages; i++)
      handleFault(memory.kernel, process.mm, memory.map.vpn(asGranule(piece.granule + i)), { write: true });
    this.relocate(piece);
    memory.contents?.copiedOut(device, piece, process);
    this.stale.delete(piece);
    memory.withCause(NO_CONTEXT(REASON.copyOut), () => {
      for (let i = 0; i < piece.pages; i++) memory.locations.travel(asGranule(piece.granule + i), device, CPU);
    });
  }

  /** Reads of an old copy are to be seen: the CPU faults once on each page. */
  private distrust(piece: Piece): void {
    for (let i = 0; i < piece.pages; i++) this.memory.access.set(CPU, asGranule(piece.granule + i), 0);
  }

  cpuFaults(granule: Granule, op: AccessOp): void {
    const { memory } = this;
    const piece = memory.map.pieceAt(granule);
    if (!piece || !this.stale.has(piece)) return;
    if (op !== 1) memory.tally.staleReads++;
    const process = memory.processes.of(granule);
    if (process) memory.access.refresh(process.mm, memory.map.vpn(granule), memory.map.vpn(granule) + 1);
  }

  /** A prefetch has nothing to move: the next kernel copies its operands itself. */
  migrateRange(): string {
    return 'EOPNOTSUPP';
  }

  /** Buffers live for one step: between steps the device is empty. */
  evacuate(device: ProcessorIndex): number {
    this.gone.add(device);
    return 0;
  }
  replug(device: ProcessorIndex): void {
    this.gone.delete(device);
  }
}
