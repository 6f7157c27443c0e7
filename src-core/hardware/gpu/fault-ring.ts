/**
 * The replayable fault buffer of one GPU in memory, with the uTLBs that feed it. An entry stays outstanding in its uTLB
 * until its page is answered; entries of answered pages are thrown away by a flush, or are fetched without effect if no
 * flush is made.
 */
import { SparseColumn } from '../../base/sparse-column';
import type { AccessOp } from '../../model/processor';
import { type Granule, asGranule } from '../../base/indices';

/** A power of two, as every later size. */
const INITIAL_ENTRIES = 1024;

/** Entries are numbered modulo 2^31: an older number is never looked at. */
const NUMBERS = 2 ** 31 - 1;
const NONE = -1;

/** By AccessOp, how much an access asks for: read, write, read-write, atomic. A fault that asks for more serves one that asks for less. */
const ACCESS_RANK = Uint8Array.of(0, 1, 1, 2);

export class FaultRing {
  /** Entries whose fault is not answered. */
  outstanding = 0;
  private head = 0;
  private tail = 0;
  private size = INITIAL_ENTRIES;
  private granules = new Int32Array(INITIAL_ENTRIES);
  private utlbOf = new Int32Array(INITIAL_ENTRIES);
  private ops = new Uint8Array(INITIAL_ENTRIES);
  private objects = new Uint16Array(INITIAL_ENTRIES);
  private times = new Float64Array(INITIAL_ENTRIES);
  private answered = new Uint8Array(INITIAL_ENTRIES);
  /** Entry before this one with the same granule, or −1. */
  private before = new Int32Array(INITIAL_ENTRIES);
  /** Number of the last unanswered entry of a granule, or −1. */
  private readonly last = new SparseColumn(NONE);
  private readonly perUtlb: Int32Array;

  /**
   * @param utlbs number of uTLBs
   * @param faultsPerUtlb most outstanding faults of one
   * @param entries most entries of the buffer
   */
  constructor(
    utlbs: number,
    private readonly faultsPerUtlb: number,
    private readonly entries: number,
  ) {
    this.perUtlb = new Int32Array(utlbs);
  }

  /** Entries in the buffer, answered ones included. */
  get length(): number {
    return this.tail - this.head;
  }

  /** false: no room. An equal or stronger fault of the same uTLB on the granule makes a further entry unnecessary. */
  raise(granule: Granule, utlb: number, op: AccessOp, object: number, atPs: number): boolean {
    const last = this.last.get(granule);
    for (let at = last; at >= 0; at = this.before[at & (this.size - 1)]!) {
      const slot = at & (this.size - 1);
      if (this.utlbOf[slot] === utlb && ACCESS_RANK[this.ops[slot]!]! >= ACCESS_RANK[op]!) return true;
    }
    if (this.perUtlb[utlb]! >= this.faultsPerUtlb || this.length >= this.entries) return false;
    if (this.tail - this.head === this.size) this.grow();
    const slot = this.tail & (this.size - 1);
    this.granules[slot] = granule;
    this.utlbOf[slot] = utlb;
    this.ops[slot] = op;
    this.objects[slot] = object;
    this.times[slot] = atPs;
    this.answered[slot] = 0;
    this.before[slot] = last;
    this.last.set(granule, this.tail & NUMBERS);
    this.perUtlb[utlb] = this.perUtlb[utlb]! + 1;
    this.tail++;
    this.outstanding++;
    return true;
  }

  private grow(): void {
    const larger = this.size * 2;
    const move = <A extends Int32Array | Uint8Array | Uint16Array | Float64Array>(from: A, to: A): A => {
      for (let at = this.head; at < this.tail; at++) to[at & (larger - 1)] = from[at & (this.size - 1)]!;
      return to;
    };
    this.granules = move(this.granules, new Int32Array(larger));
    this.utlbOf = move(this.utlbOf, new Int32Array(larger));
    this.ops = move(this.ops, new Uint8Array(larger));
    this.objects = move(this.objects, new Uint16Array(larger));
    this.times = move(this.times, new Float64Array(larger));
    this.answered = move(this.answered, new Uint8Array(larger));
    this.before = move(this.before, new Int32Array(larger));
    this.size = larger;
  }

  /** The page was answered: its entries count as read for their uTLBs. false: it did not wait. */
  answer(granule: Granule): boolean {
    let at = this.last.get(granule);
    if (at === NONE) return false;
    this.last.set(granule, NONE);
    for (; at >= 0; at = this.before[at & (this.size - 1)]!) {
      const slot = at & (this.size - 1);
      this.answered[slot] = 1;
      const utlb = this.utlbOf[slot]!;
      this.perUtlb[utlb] = this.perUtlb[utlb]! - 1;
      this.outstanding--;
    }
    return true;
  }

  /** Drops answered entries at the old end: a flush removes entries that the replay has made unnecessary. */
  dropAnswered(): void {
    while (this.head < this.tail && this.answered[this.head & (this.size - 1)] === 1) this.head++;
  }

  /** Looks at the oldest entry; −1 when the buffer is empty. Valid until the next `raise`. */
  peek(): number {
    return this.head < this.tail ? this.head & (this.size - 1) : -1;
  }
  next(): void {
    this.head++;
  }

  granule(slot: number): Granule {
    return asGranule(this.granules[slot]!);
  }
  utlb(slot: number): number {
    return this.utlbOf[slot]!;
  }
  op(slot: number): AccessOp {
    return this.ops[slot]! as AccessOp;
  }
  object(slot: number): number {
    return this.objects[slot]!;
  }
  atPs(slot: number): number {
    return this.times[slot]!;
  }
}
