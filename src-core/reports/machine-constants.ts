import { formatBytes, formatCount, formatTime } from '../base/units';
import type { MachineSpec, Sourced } from '../model/machine';

export interface MachineConstant {
  readonly name: string;
  /** With its unit. */
  readonly value: string;
  readonly source: string;
  readonly grade: Sourced<unknown>['grade'];
}

const rate = (value: number): string => `${formatBytes(value)}/s (${formatCount(Math.round(value / 1e7) / 100)} GB/s)`;
const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** Every constant of a machine as text, with where it comes from: for reports, pickers and reference pages. */
export function machineConstants(machine: MachineSpec): readonly MachineConstant[] {
  const of = <T>(name: string, constant: Sourced<T>, show: (value: T) => string): MachineConstant => ({
    name,
    value: show(constant.value),
    source: constant.source,
    grade: constant.grade,
  });
  const { timing } = machine;
  const counts = [
    of('Device memory', machine.deviceMemory, formatBytes),
    of('Fault batch entries', machine.faultBatchEntries, formatCount),
    of('CPU may map device memory', machine.hostMapsDevice, yesNo),
  ];
  if (!timing) return counts;
  return [
    ...counts,
    of('Link, rate of an endless transfer', timing.link.asymptote, rate),
    of('Link, knee of the size curve', timing.link.kneePerKib, (knee) => `${knee} per KiB`),
    of('Link, both directions at once', timing.link.duplex, yesNo),
    of('CPU first touch', timing.cpuFirstTouch, formatTime),
    of('CPU fault, without transfer', timing.cpuFault, formatTime),
    of('GPU fault batch, fixed part', timing.batchFixed, formatTime),
    of('GPU fault batch, per fault', timing.batchPerFault, formatTime),
    of('Eviction, without transfer', timing.evictionFixed, formatTime),
    of('Host memory bandwidth', timing.hostBandwidth, rate),
    of('Device memory bandwidth', timing.deviceBandwidth, rate),
    of('Remote access bandwidth', timing.remoteBandwidth, rate),
    of('Kernel launch', timing.kernelLaunch, formatTime),
  ];
}
