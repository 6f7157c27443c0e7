/** Costs of faults: GPU batches, CPU faults, first touches. */
import { formatBytes, formatTime, PS_PER_NS } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import type { Calibration } from './document';
import { fitLine, linkNs, median } from './fit';
import type { LinkFits } from './link-part';
import { add, lack, percent, scatterText, whyMissing, type Sheet } from './sheet';

const BATCH = ['timing.batchFixed', 'timing.batchPerFault'] as const;
/** A second touch that is faster than this share of a first one found its page already there. */
const CAME_ALONG_BELOW = 0.5;
/** The unit of the program's probes. */
const PROBE_PAGE = 4096;

type Faults = NonNullable<Calibration['samples']['gpuFault']>;

/**
 * Bytes that one fault brought along, its own page included: up to the last distance before the first at which a second
 * touch was slow. All distances fast: the whole stride.
 */
export function movedBytes({ ns, strideBytes, neighbours }: Faults): number {
  const limit = median(ns) * CAME_ALONG_BELOW;
  const byDistance = [...neighbours].sort((a, b) => a.distanceBytes - b.distanceBytes);
  const firstSlow = byDistance.findIndex((each) => median(each.ns) >= limit);
  if (firstSlow < 0) return strideBytes;
  return firstSlow === 0 ? PROBE_PAGE : byDistance[firstSlow - 1]!.distanceBytes + PROBE_PAGE;
}

/**
 * Copies that bring the bytes of one fault. NVIDIA's driver copies the page that faulted and those that come along by
 * themselves: its logs show 4 KiB + 60 KiB for a first touch of a block.
 */
export function copiesOf(bytes: number, { device, host }: Calibration): readonly number[] {
  const page = Math.max(PROBE_PAGE, host.pageBytes);
  return device.runtime === 'cuda' && bytes > page ? [page, bytes - page] : [bytes];
}

/** Time of these copies on the fitted link. */
const copiesNs = (copies: readonly number[], { joint }: LinkFits, direction: 0 | 1): number =>
  copies.reduce((ns, bytes) => ns + linkNs(bytes, joint.asymptotes[direction]!, joint.kneePerKib), 0);

const copiesText = (copies: readonly number[], ns: number): string =>
  `${time(ns)} (transfer of the ${copies.map(formatBytes).join(' + ')} that a page brings)`;

const time = (ns: number): string => formatTime(ns * PS_PER_NS);

/** A straight line through measured batches. */
export interface BatchLine {
  readonly fixedNs: number;
  readonly perFaultNs: number;
  /** Bytes that one fault brings along, and their time on the link; not in the two costs. */
  readonly movedBytes: number;
  readonly transferNs: number;
  readonly samples: string;
  readonly residual: string;
}

/**
 * Fixed and per-fault cost of a batch, from kernels that touch one page in each of many blocks. Returns the line, or null
 * when the samples do not give one.
 */
export function readBatches(
  calibration: Calibration,
  base: MachineSpec,
  link: LinkFits | null,
  sheet: Sheet,
): BatchLine | null {
  const { gpuBatch, gpuFault } = calibration.samples;
  if (!gpuBatch || !gpuFault) {
    lack(sheet, BATCH, whyMissing(calibration, gpuBatch ? 'gpuFault' : 'gpuBatch'));
    return null;
  }
  if (!link) {
    lack(sheet, BATCH, 'without a fitted link the transfer cannot be taken out of the time of a batch');
    return null;
  }
  const moved = movedBytes(gpuFault);
  const copies = copiesOf(moved, calibration);
  const transferNs = copiesNs(copies, link, 0);
  const most = base.faultBatchEntries.value;
  const rows = gpuBatch.filter((row) => row.strideBytes === gpuFault.strideBytes && row.pages <= most);
  const points = rows.map((row) => ({ x: row.pages, y: median(row.ns) - row.pages * transferNs }));
  const left = points.filter(({ y }) => y > 0);
  const line = left.length < 3 ? null : fitLine(left);
  if (!line) {
    lack(sheet, BATCH, `${left.length} of ${points.length} batches took longer than their transfers; a line needs 3`);
    return null;
  }
  const samples = `gpuBatch: medians of ${left.length} batches of 1 to ${Math.max(...left.map(({ x }) => x))} pages, one per ${formatBytes(gpuFault.strideBytes)}`;
  const formula = `time − pages × ${copiesText(copies, transferNs)} = fixed + per fault × pages, relative least squares; up to ${most} pages, which are one batch if the device raises them in time`;
  const residual = `rms deviation ${percent(line.residual)}; a single fault by this line takes ${time(line.fixed + line.perItem + transferNs)}, measured ${time(median(gpuFault.ns))}`;
  for (const [path, value] of [
    [BATCH[0], line.fixed],
    [BATCH[1], line.perItem],
  ] as const)
    if (value >= 0) add(sheet, path, value, 'ns', { samples, formula, residual });
    else lack(sheet, [path], `the line gives ${time(value)}, which no cost can be; ${residual}`);
  return { fixedNs: line.fixed, perFaultNs: line.perItem, movedBytes: moved, transferNs, samples, residual };
}

/** Cost of a CPU fault on memory that lies on the device, without its transfer. */
export function readCpuFault(calibration: Calibration, link: LinkFits | null, sheet: Sheet): void {
  const path = 'timing.cpuFault';
  const faults = calibration.samples.cpuFault;
  if (!faults) {
    lack(sheet, [path], whyMissing(calibration, 'cpuFault'));
    return;
  }
  if (calibration.device.directManagedMemAccessFromHost) {
    lack(sheet, [path], 'the host maps device memory, so its reads were remote accesses and no faults');
    return;
  }
  if (!link) {
    lack(sheet, [path], 'without a fitted link the transfer cannot be taken out of the time of a fault');
    return;
  }
  const copies = copiesOf(movedBytes(faults), calibration);
  const transfer = copiesNs(copies, link, 1);
  const value = median(faults.ns) - transfer;
  if (value < 0) {
    lack(sheet, [path], `a fault took ${time(median(faults.ns))}, less than its transfer of ${time(transfer)}`);
    return;
  }
  add(sheet, path, value, 'ns', {
    samples: `cpuFault: ${faults.ns.length} pages on the device, one per ${formatBytes(faults.strideBytes)}`,
    formula: `median − ${copiesText(copies, transfer)}`,
    residual: scatterText(faults.ns),
  });
}

export function readCpuFirstTouch(calibration: Calibration, sheet: Sheet): void {
  const path = 'timing.cpuFirstTouch';
  const touched = calibration.samples.cpuFirstTouch;
  if (!touched) {
    lack(sheet, [path], whyMissing(calibration, 'cpuFirstTouch'));
    return;
  }
  const { ns, pagesPerSample, pageBytes } = touched;
  add(sheet, path, median(ns) / pagesPerSample, 'ns', {
    samples: `cpuFirstTouch: ${ns.length} samples of ${pagesPerSample} pages`,
    formula: `median ÷ pages, per page of ${formatBytes(pageBytes)} of managed memory, whatever the granularity of a run`,
    residual: scatterText(ns),
  });
}
