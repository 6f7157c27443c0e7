/**
 * What a device sees of host memory through HMM: its page table follows the CPU's, by interval notifiers over aligned
 * windows and hmm_range_fault, and atomics take pages device-exclusively.
 */
import type { ProcessorIndex } from '../../../model/processor';
import { makeDeviceExclusive } from '../../../kernel/exclusive';
import { handleFault } from '../../../kernel/fault';
import { mirrorRange } from '../../../kernel/hmm';
import type { Mm } from '../../../kernel/mm';
import { subscribe, type IntervalNotifier, type NotifyRange } from '../../../kernel/notifier';
import type { DeviceFaultPage, LinuxHost } from '../../../kit/linux/backend';
import { localBits, remoteBits } from '../../../kit/access-table';
import { errnoOf } from '../../../kit/linux/signals';
import { answerUserfault } from '../../../kit/linux/userfaults';

/** Rounds of the retry protocol: HMM_RANGE_DEFAULT_TIMEOUT is 1000 ms; nothing collides for longer in this model. */
const RETRIES = 16;

/** The part of an address space that a device observes: aligned windows of one size, with a notifier each. */
interface Windows {
  readonly pages: number;
  readonly notifiers: Map<number, IntervalNotifier>;
}

export class HmmMirror {
  /** dev_pagemap.owner of each device: how its driver knows its own pages and notifications. */
  private readonly owners: readonly object[];
  /** Rounds of hmm_range_fault that an invalidation in the notifier's window made void. */
  retries = 0;
  /** By device and address space. */
  private readonly windows: readonly Map<Mm, Windows>[];

  constructor(
    private readonly memory: LinuxHost,
    /** Of address spaces that a device meets from now on. */
    public windowPages: number,
    public exclusiveAtomics: boolean,
  ) {
    const processors = Array.from({ length: memory.config.devices + 1 }, (_, device) => device);
    this.owners = processors.map((device) => ({ device }));
    this.windows = processors.map(() => new Map());
  }

  owner(device: ProcessorIndex): object {
    return this.owners[device]!;
  }
  private windowsOf(device: ProcessorIndex): Map<Mm, Windows> {
    return this.windows[device]!;
  }

  /** The address space is gone. */
  forget(mm: Mm): void {
    for (const windows of this.windows) windows.delete(mm);
  }

  /** One notifier per aligned window, made on first use (drm_gpusvm_notifier_size). */
  watch(device: ProcessorIndex, mm: Mm, vpn: number): IntervalNotifier {
    let windows = this.windowsOf(device).get(mm);
    if (!windows) this.windowsOf(device).set(mm, (windows = { pages: this.windowPages, notifiers: new Map() }));
    const { pages, notifiers } = windows;
    const at = Math.floor(vpn / pages);
    let notifier = notifiers.get(at);
    if (!notifier) {
      const start = at * pages;
      notifier = {
        mm,
        start,
        end: start + pages,
        sequence: 0,
        invalidate: (range, sequence) => this.invalidate(device, mm, notifier!, range, sequence),
      };
      subscribe(notifier);
      notifiers.set(at, notifier);
    }
    return notifier;
  }

  /** The same for all windows that pages [start, end) lie in. */
  watchRange(device: ProcessorIndex, mm: Mm, start: number, end: number): void {
    for (let vpn = start; vpn < end;) vpn = this.watch(device, mm, vpn).end;
  }

  /** Drops the device's entries (N1): all of the range, unless the event is this driver's own migration. */
  private invalidate(
    device: ProcessorIndex,
    mm: Mm,
    notifier: IntervalNotifier,
    range: NotifyRange,
    sequence: number,
  ): boolean {
    const own = range.owner === this.owner(device);
    if (own && range.event === 'MIGRATE') return true;
    notifier.sequence = sequence; // M15: unconditionally, under the driver's lock
    if (own) return true; // EXCLUSIVE by ourselves: dropping would never end (N1)
    const start = Math.max(range.start, notifier.start);
    const end = Math.min(range.end, notifier.end);
    for (const vma of mm.vmas) {
      const last = Math.min(end, vma.end);
      for (let vpn = Math.max(start, vma.start); vpn < last; vpn++) {
        const granule = this.memory.processes.granule(mm, vpn);
        if (granule >= 0) this.memory.access.set(device, granule, 0);
      }
    }
    return true;
  }

  /** hmm_range_fault for a page that stays where it is; atomics take it from the CPU (X1). */
  fault(device: ProcessorIndex, { granule, op }: DeviceFaultPage): void {
    const { memory } = this;
    const { kernel } = memory;
    const process = memory.processes.of(granule);
    if (!process) return;
    const { mm } = process;
    const vpn = memory.map.vpn(granule);
    const notifier = this.watch(device, mm, vpn);
    if (op === 3 && this.exclusiveAtomics) {
      const { ret, page } = makeDeviceExclusive(kernel, mm, vpn, this.owner(device));
      if (ret === null && page) {
        memory.access.set(device, granule, remoteBits(true));
        page.head.locked = false;
        kernel.put(page.head);
        return;
      }
    }
    const write = op !== 0;
    for (let attempt = 0; attempt < RETRIES; attempt++) {
      const { ret, rounds } = mirrorRange(
        kernel,
        notifier,
        { start: vpn, end: vpn + 1, defaults: { fault: true, write }, owner: this.owner(device) },
        RETRIES,
        ([pfn]) => {
          if (!pfn?.valid) return;
          if (write && pfn.write && pfn.page) pfn.page.head.dirty = true;
          const local = pfn.page !== null && memory.backend.ownerOfPage(pfn.page) === device;
          memory.access.set(device, granule, local ? localBits(pfn.write) : remoteBits(pfn.write));
        },
      );
      this.retries += rounds - 1;
      if (ret === 'EBUSY' && answerUserfault(memory, granule)) continue;
      if (ret !== null) {
        memory.outcomes.outcome(ret, device, granule, op, process);
        return;
      }
      if (memory.access.isMapped(device, granule, op)) return;
      // M8: our own page, read-only: a write breaks COW through the CPU's fault path first.
      const result = handleFault(kernel, mm, vpn, { write, remote: true });
      if (result !== 'ok') {
        memory.outcomes.outcome(errnoOf(result), device, granule, op, process);
        return;
      }
    }
    memory.outcomes.outcome('EBUSY', device, granule, op, process);
  }
}
