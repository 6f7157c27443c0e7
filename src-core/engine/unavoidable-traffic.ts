/**
 * Bytes that have to cross between processors under any memory system: a byte that one processor wrote last and another
 * one reads has to get there, once per write and reader, as a page, a line or a remote access. Everything else (bytes
 * that are overwritten unread, neighbours on a page, copies made for lack of room) some memory system could avoid.
 *
 * Kept for each byte: which processors may have the current value. Memory that was never written is zero everywhere. Of
 * steps that run at the same time only the first read of what was there before counts, and only if no step writes it
 * meanwhile, because their order is unknown.
 */
import type { SpaceSpec } from '../model/space';
import { CPU, READ, WRITE, type AccessOp, type ProcessorIndex } from '../model/processor';
import { Staircase } from '../base/staircase';
import { PAGE, PageRuns } from './page-runs';

/** The value is zero or its last writer is unknown, so any processor may have it. */
const EVERYONE = 0xff;
/** Runs of pages whose bytes differ: about 32 bytes each. Past this, a page counts as everyone's, and `lost` says so. */
const MOST_RUNS = 8 * 1024 * 1024;
/** Pages with crossings in steps that run at the same time: a byte of state per byte. Past this they are not counted. */
const MOST_TENTATIVE_PAGES = (128 * 1024 * 1024) / PAGE;
/** Ways of a crossing; 0 = none. */
const TO_DEVICE = 1;
const TO_HOST = 2;
const PEER = 3;
export class UnavoidableTraffic {
  /** Cumulative bytes by access number, from the host to a device and back. Bytes between devices are in neither. */
  readonly toDevice = new Staircase();
  readonly toHost = new Staircase();
  /** Bytes that a device could have got from another device. */
  peerBytes = 0;
  /** Pages given up for lack of memory: what they carry is not counted. */
  lost = 0;
  private readonly has: Uint8Array;
  private readonly mixed = new Map<number, PageRuns>();
  private runs = 0;
  private concurrent = false;
  /** Ways of the crossings counted in the steps that run now, byte by byte of a page. */
  private readonly tentative = new Map<number, Uint8Array>();
  private crossed = false;
  private sums = { toDevice: 0, toHost: 0 };

  constructor(space: SpaceSpec) {
    this.has = new Uint8Array(Math.ceil(space.bytes / PAGE)).fill(EVERYONE);
    for (const object of space.objects)
      if (object.initially === 'host') this.mark(object.offset, object.offset + object.bytes, 1 << CPU);
  }

  /** Steps that run at the same time begin (true), or have met again; at this many accesses. */
  setConcurrent(concurrent: boolean, access: number): void {
    this.concurrent = concurrent;
    this.tentative.clear();
    if (!concurrent && this.crossed) this.note(access);
  }

  /** `count` accesses, `stride` bytes apart; the first is at space offset `start`. */
  accessed(
    access: number,
    processor: ProcessorIndex,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): void {
    if (count === 1 || Math.abs(stride) <= bytes) {
      const end = start + (count - 1) * stride;
      this.range(processor, op, Math.min(start, end), Math.max(start, end) + bytes);
    } else for (let i = 0; i < count; i++) this.range(processor, op, start + i * stride, start + i * stride + bytes);
    if (this.crossed && !this.concurrent) this.note(access + count);
  }

  private note(access: number): void {
    this.crossed = false;
    this.toDevice.add(access, this.sums.toDevice);
    this.toHost.add(access, this.sums.toHost);
  }

  private range(processor: ProcessorIndex, op: AccessOp, from: number, to: number): void {
    for (let at = from; at < to;) {
      const page = Math.floor(at / PAGE);
      const outer = Math.min(to, (page + 1) * PAGE);
      if (op !== WRITE) this.read(processor, page, at - page * PAGE, outer - page * PAGE);
      if (op !== READ) this.write(processor, page, at - page * PAGE, outer - page * PAGE);
      at = outer;
    }
  }

  private read(processor: ProcessorIndex, page: number, from: number, to: number): void {
    const bit = 1 << processor;
    const mixed = this.mixed.get(page);
    if (mixed) {
      const before = mixed.count;
      mixed.add(from, to, bit, (has, start, end) => {
        this.cross(processor, page, has, start, end);
      });
      this.counted(page, mixed, before);
      return;
    }
    const has = this.has[page]!;
    if ((has & bit) !== 0) return;
    this.cross(processor, page, has, from, to);
    this.markPart(page, from, to, has | bit);
  }

  private write(processor: ProcessorIndex, page: number, from: number, to: number): void {
    if (this.concurrent) this.withdraw(page, from, to);
    this.markPart(page, from, to, this.concurrent ? EVERYONE : 1 << processor);
  }

  private cross(reader: ProcessorIndex, page: number, has: number, from: number, to: number): void {
    const way = reader === CPU ? TO_HOST : has >> 1 === 0 ? TO_DEVICE : PEER;
    if (!this.concurrent) {
      this.book(way, to - from);
      return;
    }
    const counted = this.tentativeOf(page);
    if (!counted) return;
    for (let i = from; i < to; i++) {
      if (counted[i] !== 0) continue; // a second reader may be served by the first
      counted[i] = way;
      this.book(way, 1);
    }
  }

  private book(way: number, bytes: number): void {
    this.crossed = true;
    if (way === TO_HOST) this.sums.toHost += bytes;
    else if (way === TO_DEVICE) this.sums.toDevice += bytes;
    else this.peerBytes += bytes;
  }

  private tentativeOf(page: number): Uint8Array | null {
    const known = this.tentative.get(page);
    if (known) return known;
    if (this.tentative.size >= MOST_TENTATIVE_PAGES) {
      this.lost++;
      return null;
    }
    const made = new Uint8Array(PAGE);
    this.tentative.set(page, made);
    return made;
  }

  /** One step writes data that others read at the same time: the reads may be later and see the new value. */
  private withdraw(page: number, from: number, to: number): void {
    const counted = this.tentative.get(page);
    if (!counted) return;
    for (let i = from; i < to; i++) {
      if (counted[i] !== 0) this.book(counted[i]!, -1);
      counted[i] = 0;
    }
  }

  /** Sets who has bytes [from, to) of the space. */
  private mark(from: number, to: number, has: number): void {
    for (let at = from; at < to;) {
      const page = Math.floor(at / PAGE);
      const outer = Math.min(to, (page + 1) * PAGE);
      this.markPart(page, at - page * PAGE, outer - page * PAGE, has);
      at = outer;
    }
  }

  private markPart(page: number, from: number, to: number, has: number): void {
    let mixed = this.mixed.get(page);
    if (to - from === PAGE) {
      this.has[page] = has;
      if (mixed) this.forget(page, mixed.count);
      return;
    }
    if (!mixed) {
      if (this.has[page] === has) return;
      if (this.runs >= MOST_RUNS) {
        this.has[page] = EVERYONE;
        this.lost++;
        return;
      }
      mixed = new PageRuns(this.has[page]!);
      this.mixed.set(page, mixed);
      this.runs++;
    }
    const before = mixed.count;
    mixed.fill(from, to, has);
    this.counted(page, mixed, before);
  }

  /** The number of runs of a page changed; a page that is one run again needs no list. */
  private counted(page: number, mixed: PageRuns, before: number): void {
    this.runs += mixed.count - before;
    if (mixed.count > 1) return;
    this.has[page] = mixed.first;
    this.forget(page, 1);
  }

  private forget(page: number, runs: number): void {
    this.mixed.delete(page);
    this.runs -= runs;
  }
}
