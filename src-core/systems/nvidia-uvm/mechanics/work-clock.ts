/**
 * Time of one piece of driver work: the CPU thread that does it, and the copies that it has started. Copies overlap the
 * thread; a replay, or a return to a faulting CPU, waits for both.
 */
import type { DriverCosts, MachineTiming } from '../../../model/machine';

export class WorkClock {
  /** When the thread is done with what it was given so far, ps. */
  threadPs = 0;
  /** When the last copy has arrived, ps. */
  copiedPs = 0;

  constructor(private readonly timing: MachineTiming | null) {}

  begin(atPs: number): void {
    this.threadPs = atPs;
    this.copiedPs = atPs;
  }

  get endPs(): number {
    return Math.max(this.threadPs, this.copiedPs);
  }

  spend(ps: number): void {
    this.threadPs += ps;
  }

  /** `times` of one part of the driver's work; nothing on machines that only count. */
  driver(part: Exclude<keyof DriverCosts, 'zeroing'>, times = 1): void {
    const costs = this.timing?.driver;
    if (costs) this.threadPs += Math.round(costs[part].value * times);
  }

  /** Zeroing of new device memory: done by the GPU's copy engine, and waited for like a copy. */
  zero(bytes: number): void {
    const costs = this.timing?.driver;
    if (!costs) return;
    const end = this.threadPs + Math.ceil((bytes / costs.zeroing.value) * 1e12);
    if (end > this.copiedPs) this.copiedPs = end;
  }

  /** For machines that know the cost of a batch only as a whole. */
  undivided(part: 'batchFixed' | 'batchPerFault' | 'evictionFixed', times = 1): void {
    if (this.timing && !this.timing.driver) this.threadPs += Math.round(this.timing[part].value * times);
  }

  arrives(atPs: number): void {
    if (atPs > this.copiedPs) this.copiedPs = atPs;
  }

  cpuFault(firstTouch: boolean): void {
    if (this.timing) this.threadPs += firstTouch ? this.timing.cpuFirstTouch.value : this.timing.cpuFault.value;
  }
}
