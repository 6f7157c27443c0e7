/**
 * The PCIe port of the simulated GPU as a queueing model: one read and one write channel, each with one transfer at a
 * time, first come first served. A read starts only when its pages fit; memory of a write-back is free as soon as it
 * starts. Zero-copy requests go before waiting migrations. Source: UVMSmart, gpu-sim.cc, gmmu_t::cycle.
 */
import type { PageRun } from '../decisions/prefetch';

/** Pages on their way to the device. */
export interface ReadRequest extends PageRun {
  /** Page that faulted, or −1: pages of this transfer without a request so far. */
  readonly faulted: number;
  /** Ordinal of the fault event. */
  readonly cause: number;
  /** Time on the channel beside the transfer: the latency of a fault that is simulated in line. ps. */
  readonly extraPs: number;
}
/** Pages on their way to the host. */
export interface WriteRequest extends PageRun {
  readonly cause: number;
  /** false: the CPU fetches the pages. */
  readonly isEviction: boolean;
}

/** What happens to memory when transfers start and end; called in the order of simulated time. */
export interface PortOwner {
  /** Pages that a read could occupy now. */
  freePages(): number;
  /** Lets something leave if memory is short; false: nothing is to be done, or nothing can. */
  makeRoom(): boolean;
  /** Nothing moves and the first read does not fit: the simulator would hang here. */
  stuck(): void;
  readStarts(request: ReadRequest, timePs: number, durationPs: number): void;
  readEnds(request: ReadRequest, timePs: number): void;
  /** Returns how long the write-back occupies the channel, ps. */
  writeStarts(request: WriteRequest, timePs: number): number;
}

export class Port {
  /** Waiting, first come first. */
  readonly reads: ReadRequest[] = [];
  readonly writes: WriteRequest[] = [];
  readPages = 0;
  writePages = 0;
  private nowPs = 0;
  private reading: ReadRequest | null = null;
  /** End of the read in progress. */
  private readEndPs = 0;
  /** When the next read may start: zero-copy requests may be in between. */
  private readFreePs = 0;
  /** Pages of the write-back in progress. */
  private writing = 0;
  private writeFreePs = 0;

  constructor(
    private readonly owner: PortOwner,
    /** ps of a transfer of so many pages. */
    private readonly durationPs: (pages: number) => number,
  ) {}

  /** Pages waiting to leave or leaving. */
  get outgoing(): number {
    return this.writePages + this.writing;
  }
  get isIdle(): boolean {
    const { reads, writes, reading, writing } = this;
    return reads.length === 0 && writes.length === 0 && !reading && writing === 0 && this.readFreePs <= this.nowPs;
  }
  /** Latest instant that was simulated. */
  get now(): number {
    return this.nowPs;
  }

  read(request: ReadRequest): void {
    this.reads.push(request);
    this.readPages += request.count;
  }
  write(request: WriteRequest): void {
    this.writes.push(request);
    this.writePages += request.count;
  }
  /** Takes a waiting write-back out of the queue again. */
  cancel(request: WriteRequest): void {
    this.writes.splice(this.writes.indexOf(request), 1);
    this.writePages -= request.count;
  }

  /** `count` zero-copy requests of `eachPs` from `fromPs` on, before anything that waits. Returns when the last is back. */
  remote(fromPs: number, count: number, eachPs: number): number {
    const end = Math.max(fromPs, this.readFreePs) + count * eachPs;
    this.readFreePs = end;
    return end;
  }

  /** Simulates up to `untilPs`, or only until `done` returns true. Returns the instant reached. */
  advance(untilPs: number, done: () => boolean): number {
    while (!done()) {
      if (this.act()) continue;
      const next = this.nextEnd();
      if (next > untilPs) break;
      this.nowPs = Math.max(this.nowPs, next);
    }
    if (untilPs < Infinity && !done()) this.nowPs = Math.max(this.nowPs, untilPs);
    return this.nowPs;
  }

  private nextEnd(): number {
    const { nowPs } = this;
    let next = Infinity;
    if (this.reading) next = this.readEndPs;
    else if (this.readFreePs > nowPs) next = this.readFreePs;
    if (this.writing > 0 && this.writeFreePs > nowPs) next = Math.min(next, this.writeFreePs);
    return next;
  }

  /** One thing that happens at this instant, in the order of the simulator's cycle; false: nothing does. */
  private act(): boolean {
    const { nowPs, owner } = this;
    if (owner.makeRoom()) return true;
    if (this.writing > 0 && this.writeFreePs <= nowPs) {
      this.writing = 0;
      return true;
    }
    if (this.writing === 0 && this.writes.length > 0) {
      const request = this.writes.shift()!;
      this.writePages -= request.count;
      const duration = owner.writeStarts(request, nowPs);
      this.writing = request.count;
      this.writeFreePs = nowPs + duration;
      return true;
    }
    if (this.reading && this.readEndPs <= nowPs) {
      const request = this.reading;
      this.reading = null;
      owner.readEnds(request, nowPs);
      return true;
    }
    return this.startRead();
  }

  private startRead(): boolean {
    const { nowPs, owner } = this;
    const first = this.reads[0];
    if (!first || this.reading || this.readFreePs > nowPs) return false;
    if (owner.freePages() < first.count) {
      if (this.writing > 0) return false;
      owner.stuck();
      return true;
    }
    this.reads.shift();
    this.readPages -= first.count;
    const duration = this.durationPs(first.count);
    this.reading = first;
    this.readEndPs = nowPs + first.extraPs + duration;
    this.readFreePs = Math.max(this.readFreePs, this.readEndPs);
    owner.readStarts(first, nowPs + first.extraPs, duration);
    return true;
  }
}
