/**
 * Where each granule's memory lies, followed from page-table changes, and the effect of each change on the accounts: a
 * transfer, memory allocated on a device, or memory freed. A device page that several processes map is in the books
 * once, under its home.
 */
import type { LinuxHost } from './backend';
import type { PlaceBook } from './host-parts';
import { NO_OBJECT } from '../../model/events';
import { CPU, type ProcessorIndex, NO_PROCESSOR } from '../../model/processor';
import { PAGE_BYTES } from '../../kernel/page';
import { EXCLUSIVE, HOLE, MIGRATION, POISON, UFFD_MARKER } from '../../kernel/pte-tables';
import { SparseColumn } from '../../base/sparse-column';
import { type Granule, asGranule } from '../../base/indices';
import { REASON } from '../codes';
import type { Move } from '../moves';

/** No granule, no frame. */
const NONE = -1;
/** Marks of a granule: it was on a device in this run; its page-table entry is a hole in the operation in progress. */
const EVER_ON_DEVICE = 1;
const IN_HOLES = 2;

export class PageLocations implements PlaceBook {
  /** Granule under which a device page is in the books. */
  private readonly homes = new SparseColumn(NONE);
  /** Frame under which a granule is on a device; NONE: it is on none, or in a device buffer. */
  private readonly frames: Int32Array;
  /** Frames that copy on write made in the operation in progress. */
  private readonly copies = new Set<number>();
  /** See EVER_ON_DEVICE and IN_HOLES. */
  private readonly marks: Uint8Array;
  private readonly bouncesOf = new Map<number, number>();
  /** Granules whose entry went in the operation in progress, in that order; those without the mark came back. */
  private readonly holes: number[] = [];

  private readonly move: Move;

  constructor(private readonly memory: LinuxHost) {
    this.move = memory.moves.create();
    this.marks = new Uint8Array(memory.granules);
    this.frames = new Int32Array(memory.granules).fill(NONE);
  }

  /**
   * A page-table entry of the granule changed.
   * @param state of the entry, see pte-tables.ts
   * @param frame of its base page, −1 where it has none
   */
  entryChanged(granule: Granule, state: number, frame: number): void {
    const marks = this.marks[granule]!;
    // A hole may be filled again by the same operation (a migration that ends, mremap, COW): judged when it is over.
    if (state === HOLE) {
      if ((marks & IN_HOLES) === 0) this.holes.push(granule);
      this.marks[granule] = marks | IN_HOLES;
      return;
    }
    if ((marks & IN_HOLES) !== 0) this.marks[granule] = marks & ~IN_HOLES;
    if (state === MIGRATION) return;
    const isNowhere = state === POISON || state === UFFD_MARKER;
    const isPlaced = frame >= 0 && state !== EXCLUSIVE;
    this.setOwner(granule, isNowhere ? NO_PROCESSOR : isPlaced ? this.ownerOf(frame) : CPU, frame);
  }

  private ownerOf(frame: number): ProcessorIndex {
    return this.memory.backend.ownerOfPage(this.memory.kernel.frames.owner(frame));
  }

  settleHoles(): void {
    for (const granule of this.holes) {
      if ((this.marks[granule]! & IN_HOLES) === 0) continue;
      this.marks[granule] = this.marks[granule]! & ~IN_HOLES;
      this.setOwner(asGranule(granule), NO_PROCESSOR, NONE);
    }
    this.holes.length = 0;
    this.copies.clear();
  }

  private setOwner(granule: Granule, owner: ProcessorIndex, frame: number): void {
    const { ledger, residency, pending, context } = this.memory;
    const before = residency.ownerOf(granule);
    const old = this.frames[granule]!;
    if (before === owner && (owner <= CPU || old === frame)) return;
    // A device buffer holds the newest bytes: what the host's page table does meanwhile moves nothing.
    if (owner === CPU && before > CPU && old === NONE) return;
    if (before >= 0) {
      ledger.leaving(granule);
      residency.remove(granule);
      if (before > CPU) this.memory.access.set(before, granule, 0);
    }
    const wasHome = old === NONE || this.leaveHome(granule, old);
    if (owner >= 0) residency.place(granule, owner);
    const isHome = owner <= CPU || frame < 0 || this.enterHome(granule, frame);
    // A copy on write is a page of its own: the old one stays or goes, the new one comes into being. Nothing migrates.
    const isBorn = frame >= 0 && this.copies.size > 0 && this.copies.delete(frame);
    const object = ledger.objectOf[granule]!;
    if (object === NO_OBJECT || !wasHome || !isHome) return;
    if (before >= 0 && owner >= 0 && before !== owner && !isBorn) {
      this.book(granule, object, before, owner);
      return;
    }
    if (before > CPU && (owner < 0 || isBorn)) pending.add(context, granule, object, before, NO_PROCESSOR);
    if (owner > CPU && (before < 0 || isBorn)) pending.add(context, granule, object, NO_PROCESSOR, owner);
  }

  private enterHome(granule: Granule, frame: number): boolean {
    this.frames[granule] = frame;
    if (this.homes.get(frame) !== NONE) return false;
    this.marks[granule] = this.marks[granule]! | EVER_ON_DEVICE;
    this.homes.set(frame, granule);
    return true;
  }
  private leaveHome(granule: Granule, frame: number): boolean {
    this.frames[granule] = NONE;
    if (this.homes.get(frame) !== granule) return false;
    this.homes.set(frame, NONE);
    return true;
  }

  /** The kernel copied a page for a write (COW): the new page is on its way into some table. */
  copied(frame: number): void {
    this.copies.add(frame);
  }

  /** A device used the granule: so it used the page, under whatever granule that is in the books (6c). */
  used(granule: Granule): void {
    const { touchedByDevice } = this.memory.access;
    touchedByDevice[granule] = 1;
    const frame = this.frames[granule]!;
    const home = frame === NONE ? NONE : this.homes.get(frame);
    if (home !== NONE) touchedByDevice[home] = 1;
  }

  travel(granule: Granule, from: ProcessorIndex, to: ProcessorIndex): void {
    const { ledger } = this.memory;
    const object = ledger.objectOf[granule]!;
    if (object === NO_OBJECT) return;
    this.memory.moves.relocate(granule, to);
    this.book(granule, object, from, to);
  }
  settle(granule: Granule, owner: ProcessorIndex): void {
    const { ledger, residency, moves, pending, context } = this.memory;
    const before = residency.ownerOf(granule);
    if (before === owner) return;
    moves.relocate(granule, owner);
    if (before > CPU) pending.add(context, granule, ledger.objectOf[granule]!, before, NO_PROCESSOR);
  }

  /** One page goes from one memory to another. */
  private book(granule: Granule, object: number, from: ProcessorIndex, to: ProcessorIndex): void {
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
      this.marks[granule] = this.marks[granule]! | EVER_ON_DEVICE;
      tally.pagesToDevice++;
    }
    pending.add(context, granule, object, from, to);
  }

  pinnedOn(device: number): number {
    let pages = 0;
    const { frames } = this.memory.kernel;
    for (const frame of this.frames)
      if (frame !== NONE && this.ownerOf(frame) === device && frames.pins.has(frames.head(frame))) pages++;
    return pages;
  }

  untouchedPages(): number {
    let pages = 0;
    for (let granule = 0; granule < this.marks.length; granule++)
      if ((this.marks[granule]! & EVER_ON_DEVICE) !== 0 && this.memory.access.touchedByDevice[granule] === 0) pages++;
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
