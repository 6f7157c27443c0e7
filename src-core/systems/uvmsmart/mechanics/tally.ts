/** What a run counts beside the totals, and its figures in the summary. */
import { countFigure, timeFigure } from '../../../kit/figures';
import type { SystemFigure } from '../../../model/memory-system';
import { Samples } from '../../../kit/samples';

export class UvmsmartTally {
  /** Latency of the faults as the papers report it: added to the kernel time after the run, unless it was simulated. ps. */
  faultPs = 0;
  /** Accesses that waited for pages on their way, without a fault of their own. */
  merged = 0;
  readTransfers = 0;
  readPs = 0;
  readPages = 0;
  writeBacks = 0;
  writeBackPs = 0;
  writtenPages = 0;
  /** Write-backs that were only an invalidation: nothing crossed the link. */
  invalidations = 0;
  /** Write-backs that were called off because a page of theirs was used again. */
  cancelled = 0;
  remoteRequests = 0;
  remotePs = 0;
  /** Pages taken although the scheme offers none: the simulator would hang. */
  forced = 0;
  /** Time of the kernels, without their launch. */
  kernelPs = 0;
  deviceStallPs = 0;
  peakPages = 0;
  /** Durations of steps, kernels with their launch. */
  readonly items = new Samples();
  readonly barriers = new Samples();

  /** A transfer to the device starts. */
  reads(pages: number, durationPs: number, usedPages: number): void {
    this.readTransfers++;
    this.readPages += pages;
    this.readPs += durationPs;
    this.peakPages = Math.max(this.peakPages, usedPages);
  }

  /** Pages leave, with a transfer or without. */
  leaves(pages: number, durationPs: number, isEviction: boolean, travels: boolean): void {
    if (!travels) this.invalidations++;
    else this.writtenPages += pages;
    if (!travels || !isEviction) return;
    this.writeBacks++;
    this.writeBackPs += durationPs;
  }

  figures(isTimed: boolean): SystemFigure[] {
    const time = (id: string, title: string, ps: number): SystemFigure => timeFigure(id, title, isTimed ? ps : null);
    return [
      time('kernelPs', 'Kernel time', this.kernelPs),
      time('kernelAndFaultPs', 'Kernel time and fault time', this.kernelPs + this.faultPs),
      countFigure('transfersToDevice', 'Transfers to the device', this.readTransfers),
      time('transferPs', 'Time of transfers to the device', this.readPs),
      countFigure('writeBacks', 'Write-backs', this.writeBacks),
      time('writeBackPs', 'Time of write-backs', this.writeBackPs),
      countFigure('invalidations', 'Clean blocks dropped without a write-back', this.invalidations),
      countFigure('cancelledWriteBacks', 'Write-backs cancelled by an access', this.cancelled),
      countFigure('mergedFaults', 'Waits for pages in transfer', this.merged),
      countFigure('zeroCopyRequests', 'Zero-copy requests', this.remoteRequests),
      time('zeroCopyPs', 'Time of zero-copy requests', this.remotePs),
      countFigure('forcedEvictions', 'Pages evicted against the scheme', this.forced),
    ];
  }
}
