/**
 * Queues of a process that stop because memory which they have mapped changes: without XNACK on every invalidation, with it
 * for ranges that are always mapped (kfd_svm.c svm_range_evict, svm_range_restore_work). The first invalidation stops all
 * queues of the process on all devices; a delayed work maps what became invalid again, and starts them.
 */
import { NO_OBJECT } from '../../../model/events';
import { CPU } from '../../../model/processor';
import { PAGE_BYTES } from '../../../kernel/page';
import { REASON } from '../../../kit/codes';
import type { LinuxHost } from '../../../kit/linux/backend';
import { QUEUE_START, QUEUE_STOP } from '../../../kit/linux/costs';
import type { SvmProcess, SvmRange } from './ranges';

/** The restore work is scheduled again so often before a device that cannot go on is given up. */
const ATTEMPTS = 3;

export class SvmQueues {
  /** Times that the queues of a process were stopped, and started again. */
  stops = 0;
  starts = 0;
  /** Invalidations of mapped ranges (svms->evicted_ranges). */
  invalidations = 0;
  /** Ranges that restore works mapped again, and works that failed and were scheduled again. */
  restoredRanges = 0;
  rescheduled = 0;
  /** Time from stops until the queues could run again, ps. */
  stoppedPs = 0;

  /**
   * @param delayPs from the stop to the restore work
   * @param validate maps a range again, on all devices that shall have it; false: it cannot be done now
   */
  constructor(
    private readonly memory: LinuxHost,
    private readonly delayPs: () => number,
    private readonly validate: (process: SvmProcess, range: SvmRange, nowPs: number) => boolean,
  ) {}

  /** A mapped range is about to change. */
  evict(process: SvmProcess, range: SvmRange): void {
    range.invalid++;
    process.evicted++;
    process.hangs = false;
    this.invalidations++;
    if (process.evicted > 1) return;
    this.stops++;
    process.stoppedPs = this.memory.clocks.latest();
    process.restorePs = process.stoppedPs + this.delayPs();
    this.memory.spend(QUEUE_STOP.value); // the code that changes the page table waits until no queue runs
    this.report('queues stopped', REASON.queueStop, range);
  }

  /** The restore work of a process, where it is due. On a machine without a clock it runs when a device needs it. */
  restoreIfDue(process: SvmProcess, nowPs: number): void {
    if (process.evicted > 0 && this.timed && nowPs >= process.restorePs) this.restore(process);
  }

  /** A device is about to run: stopped queues wait for the restore work. Afterwards `resumedPs` says until when. */
  resume(process: SvmProcess): void {
    for (let attempt = 0; process.evicted > 0 && attempt < ATTEMPTS; attempt++) this.restore(process);
    process.hangs = process.evicted > 0;
  }

  /** svm_range_restore_work: every invalid range is mapped again as it is now, then the queues start. */
  private restore(process: SvmProcess): void {
    for (const range of process.ranges) {
      if (range.invalid === 0) continue;
      if (!this.validate(process, range, process.restorePs)) {
        this.rescheduled++;
        process.restorePs += this.delayPs();
        return;
      }
      range.invalid = 0;
      this.restoredRanges++;
    }
    process.evicted = 0;
    this.starts++;
    if (this.timed) {
      process.resumedPs = process.restorePs + QUEUE_START.value;
      this.stoppedPs += process.resumedPs - process.stoppedPs;
    }
    this.report('queues started', REASON.queueStart, null);
  }

  private get timed(): boolean {
    return this.memory.config.machine.timing !== null;
  }

  /** A row of the timeline; about the range that was the reason. */
  private report(what: string, reason: number, range: SvmRange | null): void {
    const { memory } = this;
    const granule = range ? memory.processes.granule(range.notifier.mm, range.start) : -1;
    const object = granule >= 0 ? memory.ledger.objectOf[granule]! : NO_OBJECT;
    const [address, pages] = range ? [range.start * PAGE_BYTES, range.end - range.start] : [0, 0];
    const bytes = pages * PAGE_BYTES;
    memory.outcomes.record({ processor: CPU, object, address, bytes, reason, what, result: 'ok' });
  }
}
