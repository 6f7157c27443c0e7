/**
 * Where each granule's memory lies, followed from page-table changes, and what a change of place means for the books: a
 * transfer, memory that came into being on a device, or memory that went. A device page that several processes map is in
 * the books once, under its home.
 */
import type { LinuxHost } from './backend';
import type { PlaceBook } from './host-parts';
import { NO_OBJECT } from '../../model/events';
import { CPU, type ProcessorIndex } from '../../model/processor';
import { PAGE_BYTES, type Page } from '../../kernel/page';
import type { Pte } from '../../kernel/page-table';
import { REASON } from '../codes';
import type { Move } from '../moves';

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

  private readonly move: Move;

  constructor(private readonly memory: LinuxHost) {
    this.move = memory.moves.create();
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
    const { ledger, residency, pending, context } = this.memory;
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
    if (before > CPU && (owner < 0 || isBorn)) pending.add(context, granule, object, before, -1);
    if (owner > CPU && (before < 0 || isBorn)) pending.add(context, granule, object, -1, owner);
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
    this.memory.moves.relocate(granule, to);
    this.book(granule, object, from, to);
  }
  settle(granule: number, owner: ProcessorIndex): void {
    const { ledger, residency, moves, pending, context } = this.memory;
    const before = residency.ownerOf(granule);
    if (before === owner) return;
    moves.relocate(granule, owner);
    if (before > CPU) pending.add(context, granule, ledger.objectOf[granule]!, before, -1);
  }

  /** One page goes from one memory to another. */
  private book(granule: number, object: number, from: number, to: number): void {
    const { context, tally, moves, pending, migrationOff } = this.memory;
    // Taking a device away is no migration policy: what is on it has to leave (requirement 1a).
    if (migrationOff && context.reason !== REASON.evacuate) tally.migrationsWhileOff++;
    const { move } = this;
    move.kind = context.kind;
    move.first = granule;
    move.count = 1;
    move.object = object;
    move.source = from;
    move.target = to;
    move.bytes = PAGE_BYTES;
    move.reason = context.reason;
    if (moves.book(move) > 0) this.bouncesOf.set(granule, (this.bouncesOf.get(granule) ?? 0) + 1);
    if (to === CPU) tally.pagesToHost++;
    else {
      this.everOnDevice[granule] = 1;
      tally.pagesToDevice++;
    }
    pending.add(context, granule, object, from, to);
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
