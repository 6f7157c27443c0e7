/**
 * The access counters of one GPU, as its driver sees them: hardware that counts the GPU's accesses to memory it does not
 * own, in regions of 2 MiB, and sends a notification when a region reaches the threshold. A region that has sent one sends
 * no other until it is cleared. The notification carries the address of the access, to 64 KiB; its mask of 64 KiB parts is
 * left out, because the driver's ATS path does not look at it. Left out: what one access is in hardware (a request of up to
 * 128 B; here an access of the workload), and a full notification buffer. Source: uvm_gpu_access_counters.c:39-56,
 * 198-218, 386-397, 1581, driver 595.45.04.
 */
import type { Mm } from '../../../kernel/mm';
import { PMD_PAGES } from '../../../kernel/page';

/** Small pages of 64 KiB: how exact the address of a notification is (uvm_gpu_access_counters.c:1581). */
const NOTIFIED_PAGES = 16;
/** A counter has 16 bits (uvm_gpu_access_counters.c:1896-1910). */
const COUNTER_MAX = 65_535;

/** One region of 2 MiB that the GPU accessed remotely. */
export interface CounterRegion {
  readonly mm: Mm;
  /** First page of the region. */
  readonly start: number;
  accesses: number;
  /** A notification is on its way, or was serviced without a clear. */
  isNotified: boolean;
}

/** What the driver finds in the notification buffer. */
export interface CounterNotification {
  readonly region: CounterRegion;
  /** First small page of the 64 KiB whose access reached the threshold. */
  readonly vpn: number;
}

export class AccessCounters {
  private readonly regions = new Map<Mm, Map<number, CounterRegion>>();
  private readonly buffer: CounterNotification[] = [];

  /** Notifications that wait for the driver. */
  get waiting(): number {
    return this.buffer.length;
  }

  /** Accesses to the page's region that may follow before it notifies; Infinity where it has. */
  budget(mm: Mm, vpn: number, threshold: number): number {
    const region = this.regions.get(mm)?.get(Math.floor(vpn / PMD_PAGES));
    if (!region) return threshold;
    return region.isNotified ? Infinity : Math.max(0, threshold - region.accesses);
  }

  /** The GPU made `accesses` accesses to a page of memory that it does not own. */
  count(mm: Mm, vpn: number, accesses: number): void {
    const region = this.regionOf(mm, vpn);
    region.accesses = Math.min(COUNTER_MAX, region.accesses + accesses);
  }

  /** Sends the notification of the page's region, if it is due and none is out. */
  notify(mm: Mm, vpn: number, threshold: number): void {
    const region = this.regionOf(mm, vpn);
    if (region.isNotified || region.accesses < threshold) return;
    region.isNotified = true;
    this.buffer.push({ region, vpn: vpn - (vpn % NOTIFIED_PAGES) });
  }

  /** Takes up to `most` notifications out of the buffer, sorted by address space and address as the driver does. */
  fetch(most: number): readonly CounterNotification[] {
    return this.buffer.splice(0, most).sort((a, b) => a.region.mm.id - b.region.mm.id || a.vpn - b.vpn);
  }

  /** Targeted clear: the region counts from zero, and may notify again. */
  clear(region: CounterRegion): void {
    region.accesses = 0;
    region.isNotified = false;
  }

  /** The address space is gone, and what was counted in it. */
  forget(mm: Mm): void {
    this.regions.delete(mm);
    for (let i = this.buffer.length - 1; i >= 0; i--) if (this.buffer[i]!.region.mm === mm) this.buffer.splice(i, 1);
  }

  private regionOf(mm: Mm, vpn: number): CounterRegion {
    let regions = this.regions.get(mm);
    if (!regions) this.regions.set(mm, (regions = new Map<number, CounterRegion>()));
    const at = Math.floor(vpn / PMD_PAGES);
    let region = regions.get(at);
    if (!region) regions.set(at, (region = { mm, start: at * PMD_PAGES, accesses: 0, isNotified: false }));
    return region;
  }
}
