/**
 * Between the engine's dense granules (4 KiB here) and (process, virtual page): a granule stands for one page of one
 * process. mremap moves pages under their granules, so that a workload goes on naming the object.
 */
import { assert } from '../../base/assert';
import type { ObjectSpec, SpaceSpec } from '../../model/space';
import { MAIN_PROCESS } from '../../model/os-action';
import { PAGE_BYTES } from '../../kernel/page';
import { type Granule, NO_GRANULE, asGranule } from '../../base/indices';

/** Pages of one process that lie side by side, with their granules. */
interface Segment {
  readonly process: number;
  readonly vpn: number;
  readonly pages: number;
  readonly granule: Granule;
}

/** Holds no page and no granule. */
const NO_SEGMENT: Segment = { process: -1, vpn: -1, pages: 0, granule: NO_GRANULE };

/** What is mapped at the start: an object, or a region of a trace. */
export interface Piece {
  readonly process: number;
  readonly vpn: number;
  readonly pages: number;
  readonly granule: Granule;
  /** The objects in it, in order; one, unless a trace put several into a region. */
  readonly object: ObjectSpec | null;
  readonly objectIndex: number;
}

export class SpaceMap {
  /** Names; index 0 is the main process. */
  readonly processes: string[] = [MAIN_PROCESS];
  /** Ascending by granule. */
  readonly pieces: readonly Piece[];
  /** By process, sorted by vpn. */
  private readonly segments: Segment[][] = [[]];
  /** All, sorted by granule. */
  private byGranule: Segment[] = [];
  /** What was found last, by page and by granule: neighbours are asked for one after the other. */
  private last: Segment = NO_SEGMENT;
  private lastByGranule: Segment = NO_SEGMENT;

  constructor(readonly space: SpaceSpec) {
    this.pieces = piecesOf(space, (name) => this.processIndex(name));
    for (const piece of this.pieces) this.insert(piece);
    this.sortByGranule();
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
  pieceAt(granule: Granule): Piece | null {
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

  /** Process of a granule; the main one where the space has a hole. */
  process(granule: Granule): number {
    return this.segmentAt(granule)?.process ?? 0;
  }

  /** Virtual page of a granule; −1 where the space has a hole. */
  vpn(granule: Granule): number {
    const segment = this.segmentAt(granule);
    return segment ? segment.vpn + (granule - segment.granule) : -1;
  }

  private segmentAt(granule: Granule): Segment | null {
    const last = this.lastByGranule;
    if (granule >= last.granule && granule < last.granule + last.pages) return last;
    let low = 0;
    let high = this.byGranule.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = this.byGranule[middle]!;
      if (granule < segment.granule) high = middle - 1;
      else if (granule >= segment.granule + segment.pages) low = middle + 1;
      else return (this.lastByGranule = segment);
    }
    return null;
  }

  /** Granule of a process's page; −1 when the workload does not name it. */
  granule(process: number, vpn: number): Granule {
    const { last } = this;
    if (process === last.process && vpn >= last.vpn && vpn < last.vpn + last.pages)
      return asGranule(last.granule + (vpn - last.vpn));
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
        return asGranule(segment.granule + (vpn - segment.vpn));
      }
    }
    return NO_GRANULE;
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
        process,
        vpn: a,
        pages: b - a,
        granule: asGranule(segment.granule + a - segment.vpn),
      });
      if (segment.vpn < start) kept.push(cut(segment.vpn, start));
      if (end < segment.vpn + segment.pages) kept.push(cut(end, segment.vpn + segment.pages));
      moved.push({ ...cut(start, end), vpn: to + start - from });
    }
    this.segments[process] = kept.sort((a, b) => a.vpn - b.vpn);
    for (const segment of moved) this.insert(segment);
    this.sortByGranule();
    this.last = NO_SEGMENT;
    this.lastByGranule = NO_SEGMENT;
  }

  private sortByGranule(): void {
    this.byGranule = this.segments.flat().sort((a, b) => a.granule - b.granule);
  }

  private insert({ process, vpn, pages, granule }: Segment): void {
    const list = this.segments[process]!;
    let at = list.length;
    while (at > 0 && list[at - 1]!.vpn > vpn) at--;
    assert(at === list.length || vpn + pages <= list[at]!.vpn, 'two objects of a process overlap');
    list.splice(at, 0, { process, vpn, pages, granule });
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
      granule: asGranule(object.offset / PAGE_BYTES),
      object,
      objectIndex,
    }));
  return space.regions.map((region) => ({
    process: 0,
    vpn: region.address / PAGE_BYTES,
    pages: region.bytes / PAGE_BYTES,
    granule: asGranule(region.offset / PAGE_BYTES),
    object: null,
    objectIndex: -1,
  }));
}
