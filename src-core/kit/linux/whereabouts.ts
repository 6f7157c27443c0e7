/**
 * Where each granule's memory lies, followed from page-table changes, and what a change of place means for the books: a
 * transfer, memory that came into being on a device, or memory that went. A device page that several processes map is in
 * the books once, under its home.
 */
import type { LinuxHost } from './backend';
import type { PlaceBook } from './host-parts';
import { EVICTION, NO_OBJECT } from '../../model/events';
import { CPU, type ProcessorIndex } from '../../model/processor';
import { PAGE_BYTES, type Page } from '../../kernel/page';
import type { Pte } from '../../kernel/page-table';
import { BOUNCED } from '../residency';
import { METRIC, REASON } from '../codes';

export class Whereabouts implements PlaceBook {
  /** Granule under which a device page is in the books. */
  private readonly homes = new Map<Page, number>();
  private readonly pages = new Map<number, Page>();
  /** Pages that copy on write made in the operation in progress. */
  private readonly copies = new Set<Page>();
  private readonly everOnDevice: Uint8Array;
  private readonly bouncesOf = new Map<number, number>();
  /** Granules whose entry went in the operation in progress. */
  private readonly holes = new Set<number>();

  constructor(private readonly memory: LinuxHost) {
    this.everOnDevice = new Uint8Array(memory.granules);
  }

  /** A page-table entry of the granule changed. `page` is its base page, where it has one. */
  entryChanged(granule: number, entry: Pte | null, page: Page | null): void {
    // A hole may be filled again by the same operation (a migration that ends, mremap, COW): judged when it is over.
    if (!entry) {
      this.holes.add(granule);
      return;
    }
    this.holes.delete(granule);
    if (entry.state === 'migration') return;
    const isNowhere = entry.state === 'poison' || entry.state === 'uffd-marker';
    const isPlaced = page !== null && entry.state !== 'exclusive';
    this.setOwner(granule, isNowhere ? -1 : isPlaced ? this.memory.backend.ownerOfPage(page) : CPU, page);
  }

  settleHoles(): void {
    for (const granule of this.holes) this.setOwner(granule, -1, null);
    this.holes.clear();
    this.copies.clear();
  }

  private setOwner(granule: number, owner: number, page: Page | null): void {
    const { ledger, residency, moves, context } = this.memory;
    const before = residency.ownerOf(granule);
    const old = this.pages.get(granule) ?? null;
    if (before === owner && (owner <= CPU || old === page)) return;
    // A device buffer holds the newest bytes: what the host's page table does meanwhile moves nothing.
    if (owner === CPU && before > CPU && old === null) return;
    if (before >= 0) {
      ledger.leaving(granule);
      residency.remove(granule);
      if (before > CPU) this.memory.access.set(before, granule, 0);
    }
    const wasHome = old === null || this.leaveHome(granule, old);
    if (owner >= 0) residency.place(granule, owner);
    const isHome = owner <= CPU || page === null || this.enterHome(granule, page);
    // A copy on write is a page of its own: the old one stays or goes, the new one comes into being. Nothing migrates.
    const isBorn = page !== null && this.copies.delete(page);
    const object = ledger.objectOf[granule]!;
    if (object === NO_OBJECT || !wasHome || !isHome) return;
    if (before >= 0 && owner >= 0 && before !== owner && !isBorn) {
      this.book(granule, object, before, owner);
      return;
    }
    if (before > CPU && (owner < 0 || isBorn)) moves.add(context, granule, object, before, -1);
    if (owner > CPU && (before < 0 || isBorn)) moves.add(context, granule, object, -1, owner);
  }

  private enterHome(granule: number, page: Page): boolean {
    this.pages.set(granule, page);
    if (this.homes.has(page)) return false;
    this.everOnDevice[granule] = 1;
    this.homes.set(page, granule);
    return true;
  }
  private leaveHome(granule: number, page: Page): boolean {
    this.pages.delete(granule);
    if (this.homes.get(page) !== granule) return false;
    this.homes.delete(page);
    return true;
  }

  /** The kernel copied a page for a write (COW): the new page is on its way into some table. */
  copied(page: Page): void {
    this.copies.add(page);
  }

  /** A device used the granule: so it used the page, under whatever granule that is in the books (6c). */
  used(granule: number): void {
    const { touchedByDevice } = this.memory.access;
    touchedByDevice[granule] = 1;
    const page = this.pages.get(granule);
    const home = page ? this.homes.get(page) : undefined;
    if (home !== undefined) touchedByDevice[home] = 1;
  }

  travel(granule: number, from: ProcessorIndex, to: ProcessorIndex): void {
    const { ledger } = this.memory;
    const object = ledger.objectOf[granule]!;
    if (object === NO_OBJECT) return;
    this.leaves(granule);
    this.memory.residency.place(granule, to);
    this.book(granule, object, from, to);
  }
  settle(granule: number, owner: ProcessorIndex): void {
    const { ledger, residency, moves, context } = this.memory;
    const before = residency.ownerOf(granule);
    if (before === owner) return;
    this.leaves(granule);
    residency.place(granule, owner);
    if (before > CPU) moves.add(context, granule, ledger.objectOf[granule]!, before, -1);
  }
  private leaves(granule: number): void {
    const { ledger, residency } = this.memory;
    ledger.leaving(granule);
    if (residency.ownerOf(granule) >= 0) residency.remove(granule);
  }

  /** One page goes from one memory to another. */
  private book(granule: number, object: number, from: number, to: number): void {
    const { ledger, residency, context, tally, moves, migrationOff } = this.memory;
    // Taking a device away is no migration policy: what is on it has to leave (requirement 1a).
    if (migrationOff && context.reason !== REASON.evacuate) tally.migrationsWhileOff++;
    ledger.transferred(granule, to);
    ledger.count(object, METRIC.migrations, 1);
    if (to === CPU) {
      ledger.count(object, METRIC.bytesToHost, PAGE_BYTES);
      if (context.kind === EVICTION) ledger.count(object, METRIC.evictions, 1);
      else if (context.reason !== REASON.copyOut) residency.state[granule] = residency.state[granule]! | BOUNCED;
      tally.pagesToHost++;
    } else {
      ledger.count(object, METRIC.bytesToDevice, PAGE_BYTES);
      if (from !== CPU) ledger.count(object, METRIC.bytesPeer, PAGE_BYTES);
      if ((residency.state[granule]! & BOUNCED) !== 0) {
        residency.state[granule] = residency.state[granule]! & ~BOUNCED;
        ledger.count(object, METRIC.pingPongs, 1);
        this.bouncesOf.set(granule, (this.bouncesOf.get(granule) ?? 0) + 1);
      }
      this.everOnDevice[granule] = 1;
      tally.pagesToDevice++;
    }
    if (context.reason === REASON.prefetch) ledger.count(object, METRIC.prefetchedBytes, PAGE_BYTES);
    moves.add(context, granule, object, from, to);
  }

  pinnedOn(device: number): number {
    let pages = 0;
    for (const page of this.pages.values())
      if (this.memory.backend.ownerOfPage(page) === device && page.head.pins > 0) pages++;
    return pages;
  }

  untouchedPages(): number {
    let pages = 0;
    for (let granule = 0; granule < this.everOnDevice.length; granule++)
      if (this.everOnDevice[granule] === 1 && this.memory.access.touchedByDevice[granule] === 0) pages++;
    return pages;
  }

  bounces(): { readonly total: number; readonly worst: number } {
    let total = 0;
    let worst = 0;
    for (const count of this.bouncesOf.values()) {
      total += count;
      if (count > worst) worst = count;
    }
    return { total, worst };
  }
}
