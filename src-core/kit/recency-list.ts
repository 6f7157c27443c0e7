/** The granules of each device from the longest to the most recently used one, as a list through columns. */
import type { ProcessorIndex } from '../model/processor';
import { type Granule, asGranule } from '../base/indices';

export const NO_NEIGHBOUR = -1;

/** Points [from, end), and what the state of their granules has to be. */
export interface PointRange {
  readonly from: number;
  readonly end: number;
  readonly mask: number;
  readonly wanted: number;
}

export class RecencyList {
  /** Most recent granule by device; read in the hot path. */
  readonly newest: Int32Array;
  readonly oldest: Int32Array;
  /** Of each granule its older and its newer neighbour, side by side: a touch reads both, mostly from memory. */
  private readonly links: Int32Array;

  constructor(granules: number, processors: number) {
    this.newest = new Int32Array(processors).fill(NO_NEIGHBOUR);
    this.oldest = new Int32Array(processors).fill(NO_NEIGHBOUR);
    this.links = new Int32Array(2 * granules).fill(NO_NEIGHBOUR);
  }

  /** The next younger one, or NO_NEIGHBOUR. */
  younger(granule: Granule): Granule {
    return asGranule(this.links[2 * granule + 1]!);
  }

  /** The granule, which is in no list, becomes the newest. */
  add(granule: Granule, device: ProcessorIndex): void {
    const { links, newest } = this;
    const head = newest[device]!;
    links[2 * granule] = head;
    links[2 * granule + 1] = NO_NEIGHBOUR;
    if (head === NO_NEIGHBOUR) this.oldest[device] = granule;
    else links[2 * head + 1] = granule;
    newest[device] = granule;
  }

  remove(granule: Granule, device: ProcessorIndex): void {
    const { links } = this;
    const before = links[2 * granule]!;
    const after = links[2 * granule + 1]!;
    if (after === NO_NEIGHBOUR) this.newest[device] = before;
    else links[2 * after] = before;
    if (before === NO_NEIGHBOUR) this.oldest[device] = after;
    else links[2 * before + 1] = after;
  }

  /** Moves a granule of the device to the young end. */
  touch(granule: Granule, device: ProcessorIndex): void {
    if (this.newest[device] !== granule) this.moveToYoungEnd(granule, granule, device);
  }

  /**
   * `touch` for `count` granules of the device, `hop` apart, one after the other. Those that follow each other in the list
   * move as one piece, as they do in each pass of a sweep but the first.
   */
  touchRun(first: number, count: number, hop: number, device: ProcessorIndex): void {
    const { links } = this;
    const outer = first + count * hop;
    for (let granule = first; granule < outer;) {
      let last = granule;
      while (last + hop < outer && links[2 * last + 1] === last + hop) last += hop;
      this.moveToYoungEnd(granule, last, device);
      granule = last + hop;
    }
  }

  /**
   * `touch` for the granules that points name, in their order, as long as their state is `wanted` under the mask.
   * @returns the first point whose granule has another state, or `end`
   */
  touchPoints(granules: Int32Array, state: Uint8Array, range: PointRange, device: ProcessorIndex): number {
    const { links } = this;
    const { from, end, mask, wanted } = range;
    let head = this.newest[device]!;
    let tail = this.oldest[device]!;
    let i = from;
    for (; i < end; i++) {
      const granule = granules[i]!;
      if ((state[granule]! & mask) !== wanted) break;
      if (granule === head) continue;
      const before = links[2 * granule]!;
      const after = links[2 * granule + 1]!; // there is one: the granule is not the newest
      links[2 * after] = before;
      if (before === NO_NEIGHBOUR) tail = after;
      else links[2 * before + 1] = after;
      links[2 * granule] = head;
      links[2 * granule + 1] = NO_NEIGHBOUR;
      links[2 * head + 1] = granule;
      head = granule;
    }
    this.newest[device] = head;
    this.oldest[device] = tail;
    return i;
  }

  /** The piece of the list from `first` (older) to `last` becomes its young end. */
  private moveToYoungEnd(first: number, last: number, device: ProcessorIndex): void {
    const { links, newest } = this;
    const after = links[2 * last + 1]!;
    if (after === NO_NEIGHBOUR) return;
    const before = links[2 * first]!;
    links[2 * after] = before;
    if (before === NO_NEIGHBOUR) this.oldest[device] = after;
    else links[2 * before + 1] = after;
    const head = newest[device]!;
    links[2 * first] = head;
    links[2 * head + 1] = first;
    links[2 * last + 1] = NO_NEIGHBOUR;
    newest[device] = last;
  }
}
