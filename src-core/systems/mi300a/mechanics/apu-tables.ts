/**
 * The page tables of the GPUs of APUs, as far as a run needs them: which pages are mapped, in entries of 4 KiB or 2 MiB,
 * and how much the small ones slow a GPU down. They follow the CPU's tables by an MMU notifier.
 */
import { type ProcessorIndex, GPU0 } from '../../../model/processor';
import { subscribe, type IntervalNotifier } from '../../../kernel/notifier';
import type { Mm } from '../../../kernel/mm';
import type { LinuxHost } from '../../../kit/linux/backend';
import { SMALL_PAGE_SLOWDOWN } from '../../../kit/linux/costs';
import { type Granule, asGranule } from '../../../base/indices';

const SMALL = 1;
const HUGE = 2;

export class ApuTables {
  /** By device and granule: 0, SMALL or HUGE. */
  private readonly entries: readonly Uint8Array[];
  /** By device: granules that are mapped small, and huge. */
  private readonly small: number[];
  private readonly huge: number[];
  private readonly notifiers = new Map<Mm, IntervalNotifier>();

  /** @param dropped called when pages [start, end) of an address space may have changed, after their entries went */
  constructor(
    private readonly memory: LinuxHost,
    private readonly dropped: (mm: Mm, start: number, end: number) => void,
  ) {
    const { devices } = memory.config;
    this.entries = Array.from({ length: devices + 1 }, () => new Uint8Array(memory.granules));
    this.small = new Array<number>(devices + 1).fill(0);
    this.huge = new Array<number>(devices + 1).fill(0);
  }

  /** One notifier for the address space: what KFD does with one per range. */
  watch(mm: Mm): IntervalNotifier {
    let notifier = this.notifiers.get(mm);
    if (!notifier) {
      notifier = {
        mm,
        start: 0,
        end: Number.MAX_SAFE_INTEGER,
        sequence: 0,
        invalidate: ({ start, end }, sequence) => {
          notifier!.sequence = sequence;
          this.dropRange(mm, start, end);
          this.dropped(mm, start, end);
          return true;
        },
      };
      subscribe(notifier);
      this.notifiers.set(mm, notifier);
    }
    return notifier;
  }
  forget(mm: Mm): void {
    this.notifiers.delete(mm);
  }

  map(device: ProcessorIndex, granule: Granule, bits: number, isHuge: boolean): void {
    this.count(device, granule, isHuge ? HUGE : SMALL);
    this.memory.access.set(device, granule, bits);
    this.noteSlowness(device);
  }

  /** Everything that the device maps of pages [start, end). */
  private dropRange(mm: Mm, start: number, end: number): void {
    for (const vma of mm.vmas)
      for (let vpn = Math.max(start, vma.start); vpn < Math.min(end, vma.end); vpn++) {
        const granule = this.memory.processes.granule(mm, vpn);
        for (let device = GPU0; granule >= 0 && device < this.entries.length; device++) this.drop(device, granule);
      }
    for (let device = GPU0; device < this.entries.length; device++) this.noteSlowness(device);
  }

  dropAll(device: ProcessorIndex): void {
    for (let granule = asGranule(0); granule < this.memory.granules; granule++) this.drop(device, granule);
    this.noteSlowness(device);
  }

  private drop(device: ProcessorIndex, granule: Granule): void {
    if (this.entries[device]![granule] === 0) return;
    this.count(device, granule, 0);
    this.memory.access.set(device, granule, 0);
  }

  private count(device: ProcessorIndex, granule: Granule, size: 0 | typeof SMALL | typeof HUGE): void {
    const entries = this.entries[device]!;
    if (entries[granule] === SMALL) this.small[device]!--;
    if (entries[granule] === HUGE) this.huge[device]!--;
    if (size === SMALL) this.small[device]!++;
    if (size === HUGE) this.huge[device]!++;
    entries[granule] = size;
  }

  /** Accesses are taken to be spread over what is mapped: small entries slow them down by their share. */
  private noteSlowness(device: ProcessorIndex): void {
    const small = this.small[device]!;
    const share = small === 0 ? 0 : small / (small + this.huge[device]!);
    this.memory.slowness[device] = 1 + share * SMALL_PAGE_SLOWDOWN.value;
  }
}
