/** How the machine behaved, in sentences: facts that no constant holds but that explain the numbers. */
import { formatBytes, formatTime, PS_PER_NS } from '../../base/units';
import type { Fitted } from './constants';
import type { Calibration } from './document';
import { movedBytes } from './fault-part';
import { median } from './fit';
import { valueText } from './sheet';

const NS_PER_S = 1e9;
/** A read is classified as one kind if it is closer to it than this factor. */
const HALF = 0.5;

type Advice = NonNullable<Calibration['samples']['advice']>[number];

const time = (ns: number): string => formatTime(ns * PS_PER_NS);
const middle = (ns: readonly number[]): string => time(median(ns));

function faultLines({ samples }: Calibration): readonly string[] {
  const lines: string[] = [];
  for (const [who, faults] of [
    ['GPU', samples.gpuFault],
    ['CPU', samples.cpuFault],
  ] as const)
    lines.push(
      faults
        ? `A ${who} touch of one page took ${middle(faults.ns)} and brought ${formatBytes(movedBytes(faults))} along.`
        : `Single ${who} touches: not recorded.`,
    );
  for (const row of samples.gpuBatch ?? [])
    if (row.blocks < row.pages && row.lanesPerWarp > 1)
      lines.push(
        `${row.pages} pages at once, one per ${formatBytes(row.strideBytes)}, in ${row.blocks} ${row.blocks === 1 ? 'block' : 'blocks'}: ${middle(row.ns)}.`,
      );
  return lines;
}

function prefetchLines({ samples }: Calibration, { link }: Fitted): readonly string[] {
  const largest = [...(samples.prefetch ?? [])].sort((a, b) => b.bytes - a.bytes)[0];
  if (!largest) return ['Prefetch: not recorded.'];
  return (
    [
      ['to the device', largest.toDeviceNs, 0],
      ['to the host', largest.toHostNs, 1],
    ] as const
  ).map(([where, ns, direction]) => {
    const value = (largest.bytes * NS_PER_S) / Math.max(median(ns), Number.MIN_VALUE);
    const asymptote = link?.joint.asymptotes[direction];
    const share =
      asymptote === undefined ? '' : `, ${((value / asymptote) * 100).toFixed(0)} % of the link's asymptote`;
    return `Prefetch of ${formatBytes(largest.bytes)} ${where}: ${valueText({ value, unit: 'rate' })}${share}.`;
  });
}

/** The place of the page according to a later read by the device; null if there is nothing to compare it with. */
function whereabouts(again: number, { samples }: Calibration): string | null {
  if (!samples.remote || !samples.gpuFault) return null;
  if (again >= median(samples.gpuFault.ns) * HALF) return 'it faulted again';
  return again >= median(samples.remote.loadNs) * HALF
    ? 'the page stayed on the host'
    : 'the page had moved to the device';
}

function adviceLine(row: Advice, calibration: Calibration): string {
  const reads = `device ${middle(row.deviceFirstNs)}, then ${middle(row.deviceAgainNs)}; host ${middle(row.hostFirstNs)}, then ${middle(row.hostAgainNs)}`;
  const cpuFault = calibration.samples.cpuFault;
  const hostFaulted = cpuFault ? median(row.hostFirstNs) >= median(cpuFault.ns) * HALF : null;
  const verdicts: Readonly<Record<Advice['advice'], string | null>> = {
    'preferred-location-host': whereabouts(median(row.deviceAgainNs), calibration),
    'preferred-location-device':
      hostFaulted === null ? null : hostFaulted ? "the host's read faulted" : 'the host read it where it was',
    'read-mostly':
      hostFaulted === null ? null : hostFaulted ? "the host's copy was gone" : 'host and device each had a copy',
  };
  const verdict = verdicts[row.advice];
  return `Advice ${row.advice}, page on the ${row.before} before: ${reads}${verdict === null ? '' : `: ${verdict}`}.`;
}

export function behaviourLines(calibration: Calibration, fitted: Fitted): readonly string[] {
  const advice = calibration.samples.advice;
  return [
    ...faultLines(calibration),
    ...prefetchLines(calibration, fitted),
    ...(advice ? advice.map((row) => adviceLine(row, calibration)) : ['Advice: not recorded.']),
  ];
}
