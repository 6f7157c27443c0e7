/** The VA blocks of a run's space, made when something first happens in them. */
import { VA_BLOCK_BYTES, type SpaceSpec } from '../../../model/space';
import { VaBlock } from './va-block';

export class BlockMap {
  private readonly blocks: (VaBlock | undefined)[];
  /** Pages of each window that belong to its block: [first, outer). Windows without an object are blocks as a whole. */
  private readonly first: Uint16Array;
  private readonly outer: Uint16Array;
  private readonly object: Int32Array;

  /**
   * Managed ranges are cut at 2 MiB; a window that several objects of a trace share is one block over all of them.
   * @param isHmm memory came from malloc, not from cudaMallocManaged
   */
  constructor(
    space: SpaceSpec,
    private readonly granuleBytes: number,
    private readonly processors: number,
    private readonly isHmm: boolean,
  ) {
    const windows = Math.max(1, Math.ceil(space.bytes / VA_BLOCK_BYTES));
    const pages = VA_BLOCK_BYTES / granuleBytes;
    this.blocks = new Array<VaBlock | undefined>(windows);
    this.first = new Uint16Array(windows).fill(pages);
    this.outer = new Uint16Array(windows);
    this.object = new Int32Array(windows).fill(-1);
    space.objects.forEach(({ offset, bytes }, index) => {
      const firstPage = Math.floor(offset / granuleBytes);
      const outerPage = Math.ceil((offset + bytes) / granuleBytes);
      for (let window = Math.floor(firstPage / pages); window * pages < outerPage; window++) {
        if (this.object[window] === -1) this.object[window] = index;
        this.first[window] = Math.min(this.first[window]!, Math.max(0, firstPage - window * pages));
        this.outer[window] = Math.max(this.outer[window]!, Math.min(pages, outerPage - window * pages));
      }
    });
    for (let window = 0; window < windows; window++)
      if (this.outer[window] === 0) {
        this.first[window] = 0;
        this.outer[window] = pages;
      }
  }

  at(index: number): VaBlock {
    return (this.blocks[index] ??= new VaBlock(
      index,
      this.first[index]!,
      this.outer[index]!,
      this.object[index]!,
      this.processors,
      this.isHmm,
      VA_BLOCK_BYTES / this.granuleBytes,
    ));
  }

  /** Blocks that exist, ascending. */
  *made(): Generator<VaBlock> {
    for (const block of this.blocks) if (block) yield block;
  }
}
