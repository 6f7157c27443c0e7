/**
 * svm_range and svm_range_list of KFD: what the driver knows of a process's memory. Ranges never overlap, carry the
 * attributes of SVM_ATTR, and have an interval notifier each (kfd_svm.h; kfd_svm.c svm_range_new, svm_range_split).
 */
import { CPU, type ProcessorIndex } from '../../../model/processor';
import type { Mm } from '../../../kernel/mm';
import { subscribe, unsubscribe, type IntervalNotifier, type NotifyRange } from '../../../kernel/notifier';
import type { SvmAttributes } from '../decisions/attributes';
import { RangeList } from '../../../kit/linux/range-list';

/** svm_range_bo: VRAM of a whole range, taken at once, shared by the ranges it was split into. */
export interface SvmBo {
  /** Its name in the column of frames. */
  readonly id: number;
  readonly device: ProcessorIndex;
  readonly pages: number;
  /** Address space of the process it was made for: the eviction fence's. */
  readonly mm: Mm;
  /** Ranges on its list (svm_bo_list). */
  readonly ranges: Set<SvmRange>;
  /** References: of ranges that hold it, and of its pages in use. */
  references: number;
}

export interface SvmRange extends SvmAttributes {
  /** Pages [start, end). */
  start: number;
  end: number;
  /** The device that has pages of the range, or the CPU: the driver's belief (actual_loc). */
  actual: ProcessorIndex;
  /** Pages of the range that it believes in VRAM; memory that goes by itself is not subtracted, as in the driver. */
  vramPages: number;
  bo: SvmBo | null;
  /** Holds a reference to `bo` (ttm_res). */
  holdsBo: boolean;
  /** mapped_to_gpu. */
  mapped: boolean;
  /** Invalidations since the last restore (XNACK off). */
  invalid: number;
  /** When its pages were last validated, ps. */
  validatedPs: number;
  notifier: IntervalNotifier;
}

/** Part of a range that was unmapped and waits for the deferred work. */
interface Unmapped {
  readonly range: SvmRange;
  readonly start: number;
  readonly end: number;
}

export class SvmProcess {
  readonly ranges = new RangeList<SvmRange>();
  /** deferred_range_list: what notifiers found unmapped, for a worker that may take the locks. */
  readonly unmapped: Unmapped[] = [];
  /** Invalidations since the queues were stopped (XNACK off); 0: they run. */
  evicted = 0;
  /** When they were stopped, when the restore work is due, and from when on they could run again, ps. */
  stoppedPs = 0;
  restorePs = 0;
  resumedPs = 0;
  /** The restore work fails again and again; until something changes, the device goes on without. */
  hangs = false;
  /** The application has registered its memory. */
  registered = false;

  /**
   * @param invalidated the CPU's page table changes under a range
   * @param split pages [at, end) of a range became a range of their own
   */
  constructor(
    readonly mm: Mm,
    private readonly invalidated: (process: SvmProcess, range: SvmRange, event: NotifyRange) => void,
    private readonly split: (range: SvmRange, tail: SvmRange) => void,
  ) {}

  /** A new range in free space. */
  add(start: number, end: number, attributes: SvmAttributes): SvmRange {
    const range: SvmRange = {
      ...attributes,
      start,
      end,
      actual: CPU,
      vramPages: 0,
      bo: null,
      holdsBo: false,
      mapped: false,
      invalid: 0,
      validatedPs: -Infinity,
      notifier: this.notifierOf(start, end, () => range),
    };
    this.ranges.insert(range);
    subscribe(range.notifier);
    return range;
  }

  remove(range: SvmRange): void {
    unsubscribe(range.notifier);
    this.ranges.remove(range);
  }

  /** Cuts a range in two at `at`; returns the upper part, with the same attributes and its share of the VRAM. */
  splitAt(range: SvmRange, at: number): SvmRange {
    const { end } = range;
    this.resize(range, range.start, at);
    const tail = this.add(at, end, range);
    const { mapped, invalid, validatedPs } = range;
    Object.assign(tail, { mapped, invalid, validatedPs });
    this.split(range, tail);
    return tail;
  }

  private resize(range: SvmRange, start: number, end: number): void {
    unsubscribe(range.notifier);
    range.start = start;
    range.end = end;
    range.notifier = this.notifierOf(start, end, () => range);
    subscribe(range.notifier);
  }

  private notifierOf(start: number, end: number, range: () => SvmRange): IntervalNotifier {
    const notifier: IntervalNotifier = {
      mm: this.mm,
      start,
      end,
      sequence: 0,
      invalidate: (event, sequence) => {
        if (event.event === 'RELEASE') return true;
        notifier.sequence = sequence;
        this.invalidated(this, range(), event);
        return true;
      },
    };
    return notifier;
  }
}
