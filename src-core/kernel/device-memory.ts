/**
 * Device memory with struct pages (dev_pagemap, include/linux/memremap.h): what a driver registers, and what the kernel
 * calls back. Allocation inside the chunks is the driver's business (T1); freeing comes by the last put (T2).
 */
import type { FaultResult } from './errno';
import type { Mm, Vma } from './mm';
import type { Owner } from './notifier';
import type { Page } from './page';

export interface DeviceFault {
  readonly mm: Mm;
  readonly vma: Vma;
  readonly vpn: number;
  /** The faulting page, referenced, and locked in profile-cur (F1). */
  readonly page: Page;
  /** The fault came through a PMD entry: the driver may bring the whole folio (F2). */
  readonly huge: boolean;
}

export interface DevicePagemap {
  readonly name: string;
  readonly kind: 'device-private' | 'device-coherent' | 'fs-dax' | 'device-dax';
  /** NUMA node or device number, for accounts. */
  readonly node: number;
  /** Only matching pages are visible to the owner's mirror and its migrations (T3). */
  readonly owner: Owner;
  /** CPU fault on a device-private page. */
  migrateToRam(fault: DeviceFault): FaultResult;
  /** The last reference went: the frames from `head` on, one or 512, may be used again. */
  folioFree(head: number, pages: number): void;
  /** A large folio was split (L2): its other pages are folios of order 0 now, and the backing store follows. */
  folioSplit?(head: number): void;
}
