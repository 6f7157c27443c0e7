/**
 * Between the engine's dense granules (4 KiB here) and (process, virtual page): a granule stands for one page of one
 * process. mremap moves pages under their granules, so that a workload goes on naming the object.
 */
import { assert } from '../../base/assert';
import type { ObjectSpec, SpaceSpec } from '../../model/space';
import { MAIN_PROCESS } from '../../model/os-action';
import { PAGE_BYTES } from '../../kernel/page';

/** Pages of one process that lie side by side, with their granules. */
interface Segment {
  readonly vpn: number;
  readonly pages: number;
  readonly granule: number;
}

/** What is mapped at the start: an object, or a region of a trace. */
export interface Piece {
  readonly process: number;
  readonly vpn: number;
  readonly pages: number;
  readonly granule: number;
  /** The objects in it, in order; one, unless a trace put several into a region. */
  readonly object: ObjectSpec | null;
  readonly objectIndex: number;
}

export class SpaceMap {
  /** Names; index 0 is the main process. */
  readonly processes: string[] = [MAIN_PROCESS];
  /** Ascending by granule. */
  readonly pieces: readonly Piece[];
  private readonly processOf: Uint16Array;
  private readonly vpnOf: Float64Array;
  /** By process, sorted by vpn. */
  private readonly segments: Segment[][] = [[]];
  private last: Segment = { vpn: -1, pages: 0, granule: 0 };
  private lastProcess = -1;

  constructor(
    readonly space: SpaceSpec,
    granules: number,
  ) {
    this.processOf = new Uint16Array(granules);
    this.vpnOf = new Float64Array(granules).fill(-1);
    this.pieces = piecesOf(space, (name) => this.processIndex(name));
    for (const piece of this.pieces) {
      this.processOf.fill(piece.process, piece.granule, piece.granule + piece.pages);
      for (let i = 0; i < piece.pages; i++) this.vpnOf[piece.granule + i] = piece.vpn + i;
      this.insert(piece.process, piece);
    }
  }

  /** Index of a process by name; a new name gets the next one. */
  processIndex(name: string): number {
    const at = this.processes.indexOf(name);
    if (at >= 0) return at;
    this.processes.push(name);
    this.segments.push([]);
    return this.processes.length - 1;
  }

  /** The piece that a granule lies in; null in a hole of the space. */
  pieceAt(granule: number): Piece | null {
    let low = 0;
    let high = this.pieces.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const piece = this.pieces[middle]!;
      if (granule < piece.granule) high = middle - 1;
      else if (granule >= piece.granule + piece.pages) low = middle + 1;
      else return piece;
    }
    return null;
  }

  process(granule: number): number {
    return this.processOf[granule]!;
  }

  /** Virtual page of a granule; −1 where the space has a hole. */
  vpn(granule: number): number {
    return this.vpnOf[granule]!;
  }

  /** Granule of a process's page; −1 when the workload does not name it. */
  granule(process: number, vpn: number): number {
    const { last } = this;
    if (process === this.lastProcess && vpn >= last.vpn && vpn < last.vpn + last.pages)
      return last.granule + (vpn - last.vpn);
    const list = this.segments[process]!;
    let low = 0;
    let high = list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = list[middle]!;
      if (vpn < segment.vpn) high = middle - 1;
      else if (vpn >= segment.vpn + segment.pages) low = middle + 1;
      else {
        this.last = segment;
        this.lastProcess = process;
        return segment.granule + (vpn - segment.vpn);
      }
    }
    return -1;
  }

  /** mremap: pages [from, from + pages) of a process are now at `to`. */
  move(process: number, from: number, pages: number, to: number): void {
    const moved: Segment[] = [];
    const kept: Segment[] = [];
    for (const segment of this.segments[process]!) {
      const start = Math.max(segment.vpn, from);
      const end = Math.min(segment.vpn + segment.pages, from + pages);
      if (start >= end) {
        kept.push(segment);
        continue;
      }
      const cut = (a: number, b: number): Segment => ({
        vpn: a,
        pages: b - a,
        granule: segment.granule + a - segment.vpn,
      });
      if (segment.vpn < start) kept.push(cut(segment.vpn, start));
      if (end < segment.vpn + segment.pages) kept.push(cut(end, segment.vpn + segment.pages));
      moved.push({ ...cut(start, end), vpn: to + start - from });
    }
    this.segments[process] = kept.sort((a, b) => a.vpn - b.vpn);
    for (const segment of moved) {
      this.insert(process, segment);
      for (let i = 0; i < segment.pages; i++) this.vpnOf[segment.granule + i] = segment.vpn + i;
    }
    this.lastProcess = -1;
  }

  private insert(process: number, segment: Segment): void {
    const list = this.segments[process]!;
    let at = list.length;
    while (at > 0 && list[at - 1]!.vpn > segment.vpn) at--;
    assert(at === list.length || segment.vpn + segment.pages <= list[at]!.vpn, 'two objects of a process overlap');
    list.splice(at, 0, { vpn: segment.vpn, pages: segment.pages, granule: segment.granule });
  }
}

/** One piece per object where objects have pages of their own (workloads), else one per region (traces). */
function piecesOf(space: SpaceSpec, processIndex: (name: string) => number): readonly Piece[] {
  const aligned = space.objects.every(
    ({ offset, address, layout }) => layout !== 'trace' && offset % PAGE_BYTES === 0 && address % PAGE_BYTES === 0,
  );
  if (aligned)
    return space.objects.map((object, objectIndex) => ({
      process: processIndex(object.process ?? MAIN_PROCESS),
      vpn: object.address / PAGE_BYTES,
      pages: Math.ceil(object.bytes / PAGE_BYTES),
      granule: object.offset / PAGE_BYTES,
      object,
      objectIndex,
    }));
  return space.regions.map((region) => ({
    process: 0,
    vpn: region.address / PAGE_BYTES,
    pages: region.bytes / PAGE_BYTES,
    granule: region.offset / PAGE_BYTES,
    object: null,
    objectIndex: -1,
  }));
}
