/**
 * What a run on the Linux model counts beside the totals: the raw material of SystemNumbers. Independent of the run.
 */
import { OutcomeCounts } from '../outcome-counts';
import { Samples } from '../samples';

export class Tally {
  pagesToDevice = 0;
  pagesToHost = 0;
  apiCalls = 0;
  relocatedPointers = 0;
  staleReads = 0;
  notifierEvents = 0;
  pinnedPagesPeak = 0;
  /** Bytes of second copies: device buffers. */
  copyBytesPeak = 0;
  peakDevicePages = 0;
  peakHostPages = 0;
  strayKernelPages = 0;
  /** Kernel pages that were asked for. */
  kernelRequests = 0;
  /** Time that devices stood still, waiting for faults and copies, and all time of their steps. ps. */
  deviceStallPs = 0;
  deviceStepPs = 0;
  migrationsWhileOff = 0;
  evacuationPs: number | null = null;
  residuePages = 0;
  private readonly book = new OutcomeCounts();
  readonly outcomes = this.book.rows;
  readonly items = new Samples();
  readonly barriers = new Samples();
  private pinnedPages = 0;
  private copyBytes = 0;

  pin(pages: number): void {
    this.pinnedPages += pages;
    this.pinnedPagesPeak = Math.max(this.pinnedPagesPeak, this.pinnedPages);
  }
  copies(bytes: number): void {
    this.copyBytes += bytes;
    this.copyBytesPeak = Math.max(this.copyBytesPeak, this.copyBytes);
  }
  outcome(result: string, what: string, object: string | null, timePs: number, access: number): void {
    this.book.add(result, what, object, timePs, access);
  }
}
