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

const time = (ns: number): string => formatTime(ns * PS_PER_NS);

/** Fixed and per-fault cost of a batch, from kernels that touch one page in each of many blocks. */
export function readBatches(calibration: Calibration, base: MachineSpec, link: LinkFits | null, sheet: Sheet): void {
  const { gpuBatch, gpuFault } = calibration.samples;
  if (!gpuBatch || !gpuFault) {
    lack(sheet, BATCH, whyMissing(calibration, gpuBatch ? 'gpuFault' : 'gpuBatch'));
    return;
  }
  if (!link) {
    lack(sheet, BATCH, 'without a fitted link the transfer cannot be taken out of the time of a batch');
    return;
  }
  const moved = movedBytes(gpuFault);
  const transfer = linkNs(moved, link.joint.asymptotes[0]!, link.joint.kneePerKib);
  const most = base.faultBatchEntries.value;
  const rows = gpuBatch.filter((row) => row.strideBytes === gpuFault.strideBytes && row.pages <= most);
  const points = rows.map((row) => ({ x: row.pages, y: median(row.ns) - row.pages * transfer }));
  const left = points.filter(({ y }) => y > 0);
  const line = left.length < 3 ? null : fitLine(left);
  if (!line) {
    lack(sheet, BATCH, `${left.length} of ${points.length} batches took longer than their transfers; a line needs 3`);
    return;
  }
  const samples = `gpuBatch: medians of ${left.length} batches of 1 to ${Math.max(...left.map(({ x }) => x))} pages, one per ${formatBytes(gpuFault.strideBytes)}`;
  const formula = `time − pages × ${time(transfer)} (transfer of the ${formatBytes(moved)} that come along with a page) = fixed + per fault × pages, relative least squares; up to ${most} pages, which are one batch if the device raises them in time`;
  const alone = median(gpuFault.ns);
  const residual = `rms deviation ${percent(line.residual)}; a single fault by this line takes ${time(line.fixed + line.perItem + transfer)}, measured ${time(alone)}`;
  for (const [path, value] of [
    [BATCH[0], line.fixed],
    [BATCH[1], line.perItem],
  ] as const)
    if (value >= 0) add(sheet, path, value, 'ns', { samples, formula, residual });
    else lack(sheet, [path], `the line gives ${time(value)}, which no cost can be; ${residual}`);
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
  const moved = movedBytes(faults);
  const transfer = linkNs(moved, link.joint.asymptotes[1]!, link.joint.kneePerKib);
  const value = median(faults.ns) - transfer;
  if (value < 0) {
    lack(sheet, [path], `a fault took ${time(median(faults.ns))}, less than its transfer of ${time(transfer)}`);
    return;
  }
  add(sheet, path, value, 'ns', {
    samples: `cpuFault: ${faults.ns.length} pages on the device, one per ${formatBytes(faults.strideBytes)}`,
    formula: `median − ${time(transfer)} (transfer of the ${formatBytes(moved)} that come along with a page)`,
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
