/**
 * From touched addresses to the address space of a run: regions of contiguous blocks, objects inside them, and the
 * way from a virtual address to a space offset.
 */
import { formatCount } from '../../base/units';
import { Refusal } from '../../model/refusal';
import { VA_BLOCK_BYTES, type ObjectSpec, type RegionSpec, type SpaceSpec } from '../../model/space';
import type { FindingCounter } from './findings';
import { TOUCHED_BLOCKS_MAX, type BlockRange, type TouchedBlocks } from './touched-blocks';

/** Most regions, and most named objects of one trace. Unnamed objects lie between: 2 × 24,000 + 16,384 < 65,535. */
const REGIONS_MAX = 16_384;
export const NAMED_MAX = 24_000;

export interface NamedRange {
  readonly name: string;
  readonly address: number;
  readonly bytes: number;
}

interface SpaceInput {
  readonly file: string;
  /** Blocks of all accesses and of all named ranges. */
  readonly touched: TouchedBlocks;
  /** Ascending, not overlapping, at most NAMED_MAX. */
  readonly named: readonly NamedRange[];
  /** Does anything touch the memory between named[gap − 1] and named[gap]? */
  unnamedIn(gap: number): boolean;
  /** Name of the unnamed object at [address, outer). */
  label(address: number, outer: number): string;
}

/** `(unnamed 0x4000000)`: what is known of memory that no table names is where it lies. */
export const unnamedLabel = (address: number): string => `(unnamed 0x${address.toString(16)})`;

/** Largest gap between two named objects that is named after them: the allocator's own bytes, not user data. */
const BETWEEN_BYTES_MAX = 64;

const blocksOf = (ranges: readonly BlockRange[]): number =>
  ranges.reduce((sum, range) => sum + range.outer - range.first, 0);

/** Joins neighbours, the nearest first, until there are few enough regions. */
function regionsOf(input: SpaceInput, findings: FindingCounter): readonly RegionSpec[] {
  let gap = 0;
  let ranges = input.touched.ranges(gap);
  while (ranges.length > REGIONS_MAX) {
    gap = Math.max(1, gap * 2);
    ranges = input.touched.ranges(gap);
  }
  if (blocksOf(ranges) > TOUCHED_BLOCKS_MAX)
    throw new Refusal(
      `${input.file}: the accesses are in more than ${formatCount(REGIONS_MAX)} separate regions; ` +
        'expected arrays, not addresses spread over the whole address space. Check the base of the address column, or split the trace',
    );
  if (gap > 0)
    findings.add(
      'trace-gaps-joined',
      'note',
      () =>
        `The accesses are in more than ${formatCount(REGIONS_MAX)} separate regions; regions at most ${gap} blocks of 2 MiB apart were joined, which changes no count.`,
    );
  let offset = 0;
  return ranges.map((range) => {
    const region = {
      address: range.first * VA_BLOCK_BYTES,
      offset,
      bytes: (range.outer - range.first) * VA_BLOCK_BYTES,
    };
    offset += region.bytes;
    return region;
  });
}

/** Lays the space out: each named range is an object, and each touched rest of a region is one unnamed object. */
export function buildSpace(input: SpaceInput, findings: FindingCounter): SpaceSpec {
  const regions = regionsOf(input, findings);
  const objects: ObjectSpec[] = [];
  const add = (name: string, address: number, outer: number, region: RegionSpec): void => {
    const offset = region.offset + (address - region.address);
    objects.push({
      name,
      address,
      bytes: outer - address,
      offset,
      elementBytes: 1,
      layout: 'trace',
      initially: 'unpopulated',
    });
  };
  let gap = 0;
  for (const region of regions) {
    const outer = region.address + region.bytes;
    let at = region.address;
    let before: NamedRange | null = null;
    for (let next = input.named[gap]; next && next.address < outer; next = input.named[gap]) {
      if (next.address > at && input.unnamedIn(gap)) {
        const between = before && next.address - at <= BETWEEN_BYTES_MAX;
        add(
          between ? `(between ${before!.name} and ${next.name})` : input.label(at, next.address),
          at,
          next.address,
          region,
        );
      }
      add(next.name, next.address, next.address + next.bytes, region);
      at = next.address + next.bytes;
      before = next;
      gap++;
    }
    if (outer > at && input.unnamedIn(gap)) add(input.label(at, outer), at, outer, region);
  }
  return { regions, objects, bytes: regions.reduce((sum, region) => sum + region.bytes, 0) };
}

const CACHE = 256;

/** Index of the last start that is not above the address; −1: all are. */
function lastNotAbove(starts: Float64Array, address: number): number {
  let low = -1;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= address) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Returns the object and the space offset of virtual addresses, tens of millions of times per second. */
export class Locator {
  /** Object of the address located last. */
  object = 0;
  private readonly objectStarts: Float64Array;
  private readonly objectOuters: Float64Array;
  private readonly regionStarts: Float64Array;
  private readonly cacheBlock = new Int32Array(CACHE).fill(-1);
  /** Space offset minus virtual address, per cached block. */
  private readonly cacheShift = new Float64Array(CACHE);

  constructor(
    private readonly space: SpaceSpec,
    private readonly file: string,
  ) {
    this.objectStarts = Float64Array.from(space.objects, (object) => object.address);
    this.objectOuters = Float64Array.from(space.objects, (object) => object.address + object.bytes);
    this.regionStarts = Float64Array.from(space.regions, (region) => region.address);
  }

  /** Space offset of an address; its object is then in `object`. Throws Refusal for an address that pass one did not see. */
  locate(address: number): number {
    if (!(address >= this.objectStarts[this.object]! && address < this.objectOuters[this.object]!)) {
      const found = lastNotAbove(this.objectStarts, address);
      if (found < 0 || address >= this.objectOuters[found]!) throw this.changed(address);
      this.object = found;
    }
    const block = Math.floor(address / VA_BLOCK_BYTES);
    const slot = block & (CACHE - 1);
    if (this.cacheBlock[slot] !== block) {
      const region = this.space.regions[lastNotAbove(this.regionStarts, address)];
      if (!region || address >= region.address + region.bytes) throw this.changed(address);
      this.cacheBlock[slot] = block;
      this.cacheShift[slot] = region.offset - region.address;
    }
    return address + this.cacheShift[slot]!;
  }

  private changed(address: number): Refusal {
    return new Refusal(
      `${this.file}: address 0x${address.toString(16)} was not in the file when it was first read; the file changed. Open it again when no program writes to it`,
    );
  }
}
