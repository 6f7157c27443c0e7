/**
 * The accounts of a run: counters per object, and two questions for each transfer.
 *
 * *Dead bytes* (docs/r0-rules.md): each transfer opens a question on its granule. The first read,
 * read-write or atomic, by any processor, of a byte that was not overwritten since the transfer answers "live"; once
 * all object bytes of the granule are overwritten without such a read, "dead". Transfers while the question is open
 * join it and share the answer. Open at the end of the run = unresolved.
 *
 * *Useful bytes*: distinct bytes of a transfer that the receiver touched before the granule left again or the run ended.
 *
 * Granules with an open question carry TRACKED in their state byte, so that settled granules cost nothing on a hit.
 */
import { METRIC_COUNT, metricIndex, NO_OBJECT } from '../model/events';
import { CPU, WRITE, type AccessOp, type ProcessorIndex } from '../model/processor';
import type { SpaceSpec } from '../model/space';
import { ByteSets } from './byte-sets';
import { TRACKED } from '../contracts/accessed-memory';
import { type Granule, asGranule } from '../base/indices';
import { type Residency } from './residency';

const QUESTION = 1;
const USEFUL = 2;

const DEAD = [metricIndex('deadBytesToDevice'), metricIndex('deadBytesToHost')] as const;
const UNRESOLVED = [metricIndex('unresolvedBytesToDevice'), metricIndex('unresolvedBytesToHost')] as const;
const USEFUL_METRIC = [metricIndex('usefulBytesToDevice'), metricIndex('usefulBytesToHost')] as const;

export class Ledger {
  /** Row per object, column per METRICS entry. */
  readonly counters: Float64Array;
  /** Object that answers for the granule: the one whose fault moved it last; at first the one that covers it; NO_OBJECT where none does. */
  readonly objectOf: Uint16Array;
  /** Granules given up because the bitmaps' memory limit was reached. */
  lost = 0;
  private readonly open: Uint8Array;
  private readonly movesToDevice: Uint32Array;
  private readonly movesToHost: Uint32Array;
  private readonly overwritten: ByteSets;
  private readonly touched: ByteSets | null;
  /**
   * Granules that several objects share: whose transfer the granule came with last, and the moves of the open question
   * by object. Everywhere else the one object answers for everything.
   */
  private readonly shared = new Map<
    number,
    { receiver: number; moves: { object: number; toDevice: number; toHost: number }[] }
  >();
  /** Granules that objects cover only in part → bytes covered. */
  private readonly partial = new Map<number, number>();

  constructor(
    space: SpaceSpec,
    private readonly granuleBytes: number,
    private readonly residency: Residency,
    usefulBytes: boolean,
    /** Called when a question about a granule is opened (true) or its last one is closed; for `count` granules in a row. */
    private readonly tracked: ((granule: Granule, on: boolean, count: number) => void) | null = null,
  ) {
    const { granules } = residency;
    this.counters = new Float64Array(Math.max(1, space.objects.length) * METRIC_COUNT);
    this.objectOf = new Uint16Array(granules).fill(NO_OBJECT);
    this.open = new Uint8Array(granules);
    this.movesToDevice = new Uint32Array(granules);
    this.movesToHost = new Uint32Array(granules);
    this.overwritten = new ByteSets(granules, granuleBytes);
    this.touched = usefulBytes ? new ByteSets(granules, granuleBytes) : null;
    for (let i = space.objects.length - 1; i >= 0; i--)
      this.cover(space.objects[i]!.offset, space.objects[i]!.bytes, i);
  }

  /** Notes which granules an object covers, later objects first, so that the first one answers for a shared granule. */
  private cover(offset: number, size: number, object: number): void {
    const first = Math.floor(offset / this.granuleBytes);
    const last = Math.floor((offset + size - 1) / this.granuleBytes);
    this.objectOf.fill(object, first, last + 1);
    for (const granule of first === last ? [first] : [first, last]) {
      const start = Math.max(offset, granule * this.granuleBytes);
      const end = Math.min(offset + size, (granule + 1) * this.granuleBytes);
      if (end - start >= this.granuleBytes) continue;
      if (this.partial.has(granule)) this.shared.set(granule, { receiver: object, moves: [] });
      this.partial.set(granule, (this.partial.get(granule) ?? 0) + end - start);
    }
  }

  /** Bytes of the granule that belong to objects. */
  objectBytes(granule: Granule): number {
    const part = this.partial.get(granule);
    return part === undefined ? this.granuleBytes : Math.min(part, this.granuleBytes);
  }

  count(object: number, metric: number, amount: number): void {
    const at = object * METRIC_COUNT + metric;
    this.counters[at] = this.counters[at]! + amount;
  }

  /** The granule came to `receiver`: joins or opens its question and starts marking useful bytes. */
  transferred(granule: Granule, receiver: ProcessorIndex): void {
    if ((this.open[granule]! & QUESTION) === 0) {
      this.overwritten.clear(granule);
      this.movesToDevice[granule] = 0;
      this.movesToHost[granule] = 0;
      const fresh = this.shared.get(granule);
      if (fresh) fresh.moves = [];
    }
    this.noteShared(granule, receiver);
    if (receiver === CPU) this.movesToHost[granule] = this.movesToHost[granule]! + 1;
    else this.movesToDevice[granule] = this.movesToDevice[granule]! + 1;
    let open = this.open[granule]! | QUESTION;
    if (this.touched) {
      this.touched.clear(granule);
      open |= USEFUL;
    }
    this.setOpen(granule, open);
  }

  /** `leaving` and `transferred` for neighbours that go the same way, and the change of owner in between. */
  transferredRun(first: Granule, count: number, receiver: ProcessorIndex, kept: number, owner: number): void {
    if (this.touched || this.shared.size > 0) this.joinEach(first, count, receiver);
    else this.join(first, count, receiver);
    this.residency.rewrite(first, count, kept, owner | TRACKED);
  }

  /** Where no granule has bytes to settle or objects to share it: almost always, and on the hot path. */
  private join(first: Granule, count: number, receiver: ProcessorIndex): void {
    const { open, movesToDevice, movesToHost } = this;
    const moves = receiver === CPU ? movesToHost : movesToDevice;
    const others = receiver === CPU ? movesToDevice : movesToHost;
    const outer = first + count;
    for (let granule = first; granule < outer;) {
      for (; granule < outer && open[granule] === QUESTION; granule++) moves[granule] = moves[granule]! + 1;
      const from = granule;
      for (; granule < outer && open[granule] !== QUESTION; granule++) {
        this.overwritten.clear(granule);
        others[granule] = 0;
        moves[granule] = 1;
        open[granule] = open[granule]! | QUESTION;
      }
      if (granule > from) this.tracked?.(from, true, granule - from);
    }
  }

  private joinEach(first: Granule, count: number, receiver: ProcessorIndex): void {
    const { open, movesToDevice, movesToHost, overwritten, touched } = this;
    const moves = receiver === CPU ? movesToHost : movesToDevice;
    const others = receiver === CPU ? movesToDevice : movesToHost;
    const asks = QUESTION | (touched ? USEFUL : 0);
    const hasShared = this.shared.size > 0; // a look-up per page, for what few runs have
    let isNew = false;
    for (let granule = first; granule < first + count; granule++) {
      const before = open[granule]!;
      this.leaving(granule);
      if ((before & QUESTION) === 0) {
        overwritten.clear(granule);
        moves[granule] = 1;
        others[granule] = 0;
        const fresh = hasShared ? this.shared.get(granule) : undefined;
        if (fresh) fresh.moves = [];
      } else moves[granule] = moves[granule]! + 1;
      if (hasShared) this.noteShared(granule, receiver);
      touched?.clear(granule);
      const now = open[granule]!; // settling may have closed a question
      if ((now & asks) !== asks) {
        open[granule] = now | asks;
        isNew = true;
      }
    }
    if (isNew) this.tracked?.(first, true, count);
  }

  /** true: some granule belongs to several objects. */
  get hasShared(): boolean {
    return this.shared.size > 0;
  }

  /** `transferred` to the host, where neither useful bytes nor shared granules are kept; the state byte is the caller's. */
  leaves(granule: Granule): void {
    const { open, movesToHost } = this;
    if (open[granule] === QUESTION) movesToHost[granule] = movesToHost[granule]! + 1;
    else this.openQuestion(granule, movesToHost, this.movesToDevice);
  }

  /**
   * `transferred` to a device, whose accesses of one kind follow at once; with the limits of `leaves`.
   * @returns true: `accessed` has to be called; false: they read bytes that were not overwritten, and the question is
   * closed
   */
  arrives(granule: Granule, op: AccessOp): boolean {
    const { open, movesToDevice } = this;
    if (op !== WRITE && (open[granule] !== QUESTION || this.overwritten.isEmpty(granule))) {
      open[granule] = 0;
      return false;
    }
    if (open[granule] === QUESTION) movesToDevice[granule] = movesToDevice[granule]! + 1;
    else this.openQuestion(granule, movesToDevice, this.movesToHost);
    return true;
  }

  private openQuestion(granule: Granule, moves: Uint32Array, others: Uint32Array): void {
    this.overwritten.clear(granule);
    others[granule] = 0;
    moves[granule] = 1;
    this.open[granule] = QUESTION;
  }

  private noteShared(granule: Granule, receiver: ProcessorIndex): void {
    const shared = this.shared.get(granule);
    if (!shared) return;
    const object = this.objectOf[granule]!;
    shared.receiver = object;
    let moves = shared.moves.find((each) => each.object === object);
    if (!moves) shared.moves.push((moves = { object, toDevice: 0, toHost: 0 }));
    if (receiver === CPU) moves.toHost++;
    else moves.toDevice++;
  }

  /** The granule is about to leave its owner: what the owner touched of the last transfer is final. */
  leaving(granule: Granule): void {
    if ((this.open[granule]! & USEFUL) !== 0) this.settleUseful(granule);
  }

  /**
   * `count` accesses inside one granule that carries TRACKED.
   * @param start offset of the first access in the granule
   * @param local the accessing processor owns the granule (a remote access never makes bytes useful)
   */
  accessed(
    granule: Granule,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
    local: boolean,
  ): void {
    const span = (count - 1) * stride;
    const from = stride < 0 ? start + span : start;
    const to = (stride < 0 ? start : start + span) + bytes;
    const contiguous = count === 1 || Math.abs(stride) <= bytes;
    if ((this.open[granule]! & QUESTION) !== 0) {
      if (op === WRITE) {
        const kept = contiguous
          ? this.overwritten.add(granule, from, to)
          : this.addEach(this.overwritten, granule, start, stride, count, bytes);
        if (!kept) this.giveUp(granule);
        else if (this.overwritten.size(granule) >= this.objectBytes(granule)) this.answer(granule, DEAD);
      } else if (
        !(contiguous
          ? this.overwritten.covers(granule, from, to)
          : this.coversEach(granule, start, stride, count, bytes))
      ) {
        this.answer(granule, null);
      }
    }
    if (local && this.touched && (this.open[granule]! & USEFUL) !== 0) {
      const kept = contiguous
        ? this.touched.add(granule, from, to)
        : this.addEach(this.touched, granule, start, stride, count, bytes);
      if (!kept) this.lost++;
      if (!kept || this.touched.size(granule) >= this.objectBytes(granule)) this.settleUseful(granule);
    }
  }

  /** true: accesses of several lanes to this granule have to be taken one by one, because their order matters. */
  needsOrder(granule: Granule): boolean {
    return (this.open[granule]! & QUESTION) !== 0;
  }

  /** End of the run: open questions become unresolved, marked bytes final. */
  finish(): void {
    for (let granule = asGranule(0); granule < this.open.length; granule++) {
      const open = this.open[granule]!;
      if (open === 0) continue;
      if ((open & QUESTION) !== 0) this.answer(granule, UNRESOLVED);
      if ((open & USEFUL) !== 0) this.settleUseful(granule);
    }
  }

  /** Counters as they would stand if the run ended now; the run is not disturbed. */
  preview(): Float64Array {
    const counters = this.counters.slice();
    const add = (object: number, metric: number, amount: number): void => {
      const at = object * METRIC_COUNT + metric;
      counters[at] = counters[at]! + amount;
    };
    for (let granule = asGranule(0); granule < this.open.length; granule++) {
      const open = this.open[granule]!;
      if (open === 0) continue;
      if ((open & QUESTION) !== 0)
        for (const moves of this.movesOf(granule)) {
          add(moves.object, UNRESOLVED[0], moves.toDevice * this.granuleBytes);
          add(moves.object, UNRESOLVED[1], moves.toHost * this.granuleBytes);
        }
      if ((open & USEFUL) !== 0 && this.touched) {
        const direction = this.residency.ownerOf(granule) === CPU ? 1 : 0;
        add(this.receiverObject(granule), USEFUL_METRIC[direction], this.touched.size(granule));
      }
    }
    return counters;
  }

  private addEach(
    sets: ByteSets,
    granule: Granule,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): boolean {
    for (let i = 0; i < count; i++)
      if (!sets.add(granule, start + i * stride, start + i * stride + bytes)) return false;
    return true;
  }

  private coversEach(granule: Granule, start: number, stride: number, count: number, bytes: number): boolean {
    for (let i = 0; i < count; i++)
      if (!this.overwritten.covers(granule, start + i * stride, start + i * stride + bytes)) return false;
    return true;
  }

  /** Closes the question; `null` = live. */
  private answer(granule: Granule, metrics: readonly [number, number] | null): void {
    if (metrics && !this.shared.has(granule)) {
      const object = this.objectOf[granule]!;
      this.count(object, metrics[0], this.movesToDevice[granule]! * this.granuleBytes);
      this.count(object, metrics[1], this.movesToHost[granule]! * this.granuleBytes);
    } else if (metrics)
      for (const moves of this.movesOf(granule)) {
        this.count(moves.object, metrics[0], moves.toDevice * this.granuleBytes);
        this.count(moves.object, metrics[1], moves.toHost * this.granuleBytes);
      }
    this.overwritten.clear(granule);
    this.setOpen(granule, this.open[granule]! & ~QUESTION);
  }

  /** The moves that the open question is about, by object. */
  private movesOf(
    granule: Granule,
  ): readonly { readonly object: number; readonly toDevice: number; readonly toHost: number }[] {
    const shared = this.shared.get(granule);
    if (shared) return shared.moves;
    return [
      { object: this.objectOf[granule]!, toDevice: this.movesToDevice[granule]!, toHost: this.movesToHost[granule]! },
    ];
  }

  /** Whose transfer the granule came with. */
  private receiverObject(granule: Granule): number {
    const shared = this.shared.size === 0 ? undefined : this.shared.get(granule);
    return shared?.receiver ?? this.objectOf[granule]!;
  }

  private giveUp(granule: Granule): void {
    this.lost++;
    this.answer(granule, UNRESOLVED);
  }

  private settleUseful(granule: Granule): void {
    if (!this.touched) return;
    const direction = this.residency.ownerOf(granule) === CPU ? 1 : 0;
    this.count(this.receiverObject(granule), USEFUL_METRIC[direction], this.touched.size(granule));
    this.touched.clear(granule);
    this.setOpen(granule, this.open[granule]! & ~USEFUL);
  }

  private setOpen(granule: Granule, open: number): void {
    this.open[granule] = open;
    const { state } = this.residency;
    state[granule] = open === 0 ? state[granule]! & ~TRACKED : state[granule]! | TRACKED;
    this.tracked?.(granule, open !== 0, 1);
  }
}
