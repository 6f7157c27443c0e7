/**
 * Events that the driver sends to tools besides faults and migrations (UvmEventType in uvm_types.h): thrashing, throttling, remote
 * mappings with their cause, read duplication and its end. Neighbouring pages with the same event are one row. The driver's
 * replays are not here: a fault batch of the recording is one, but for the policies that replay otherwise, which the summary counts.
 */
import { type ProcessorIndex, CPU } from '../../../model/processor';
import { nextClear, nextSet, type PageMask } from '../../../base/page-mask';
import { type Granule, asGranule } from '../../../base/indices';

/** UvmEventMapRemoteCause, as far as this model has them (uvm_types.h:1058-1083). */
export type MapRemoteCause = 'thrashing' | 'policy' | 'eviction';

/** Rows of one run: what comes after them is only counted in the summary. */
const MOST_ROWS = 20_000;

/** Writes the rows into the recording. */
interface EventWriter {
  readonly pagesPerBlock: number;
  readonly granuleBytes: number;
  event(processor: ProcessorIndex, granule: Granule, bytes: number, what: string, result: string): void;
}

export class ToolsEvents {
  private rows = 0;
  private what = '';
  private result = '';
  private processor: ProcessorIndex = CPU;
  /** Granules [first, outer) of the current row; none where they are equal. */
  private first = 0;
  private outer = 0;

  constructor(private readonly host: EventWriter) {}

  /** One page. Rows are written when another event comes, or at `flush`. */
  page(what: string, result: string, processor: ProcessorIndex, block: number, page: number): void {
    this.pages(what, result, processor, block, page, page + 1);
  }

  /** Pages [first, outer) of a block. */
  pages(what: string, result: string, processor: ProcessorIndex, block: number, first: number, outer: number): void {
    const base = block * this.host.pagesPerBlock;
    const isSame = what === this.what && result === this.result && processor === this.processor;
    if (isSame && this.first < this.outer && base + first === this.outer) {
      this.outer = base + outer;
      return;
    }
    this.flush();
    this.what = what;
    this.result = result;
    this.processor = processor;
    this.first = base + first;
    this.outer = base + outer;
  }

  /** Pages of a block, a row for each run of them. */
  mask(
    what: string,
    result: string,
    processor: ProcessorIndex,
    block: { readonly index: number; readonly first: number; readonly outer: number },
    pages: PageMask,
  ): void {
    for (let first = nextSet(pages, block.first, block.outer); first < block.outer;) {
      const outer = nextClear(pages, first, block.outer);
      this.pages(what, result, processor, block.index, first, outer);
      first = nextSet(pages, outer, block.outer);
    }
  }

  /** Writes the current row. */
  flush(): void {
    const { host, first, outer } = this;
    if (first === outer) return;
    this.first = outer;
    if (this.rows >= MOST_ROWS) return;
    this.rows++;
    host.event(this.processor, asGranule(first), (outer - first) * host.granuleBytes, this.what, this.result);
  }
}
