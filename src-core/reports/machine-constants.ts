import { formatBytes, formatCount, formatTime } from '../base/units';
import type {
  DriverCosts,
  GpuSpec,
  LinkSpec,
  MachineSpec,
  MachineTiming,
  RemoteAccessSpec,
  Sourced,
} from '../model/machine';

export interface MachineConstant {
  readonly name: string;
  /** With its unit. */
  readonly value: string;
  readonly source: string;
  readonly grade: Sourced<unknown>['grade'];
}

const rate = (value: number): string => `${formatBytes(value)}/s (${formatCount(Math.round(value / 1e7) / 100)} GB/s)`;
const percent = (value: number): string => `${formatCount(Math.round(value * 1000) / 10)} %`;
const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

function constant<T>(name: string, given: Sourced<T>, show: (value: T) => string): MachineConstant {
  return { name, value: show(given.value), source: given.source, grade: given.grade };
}

/** A constant that a machine may leave out. */
const optional = <T>(name: string, given: Sourced<T> | undefined, show: (value: T) => string) =>
  given === undefined ? [] : [constant(name, given, show)];

function ofLink(name: string, link: LinkSpec): readonly MachineConstant[] {
  return [
    constant(`${name}, asymptotic rate`, link.asymptote, rate),
    ...optional(`${name}, asymptotic rate to the host`, link.asymptoteToHost, rate),
    constant(`${name}, knee of the size curve`, link.kneePerKib, (knee) => `${knee} per KiB`),
    constant(`${name}, both directions at once`, link.duplex, yesNo),
    ...optional(`${name}, latency of a transfer`, link.latency, formatTime),
    ...optional(`${name}, error of the size curve`, link.curveError, percent),
    ...optional(`${name}, copy engines per direction`, link.copyEnginesPerDirection, formatCount),
  ];
}

function ofDriver(driver: DriverCosts): readonly MachineConstant[] {
  return [
    constant('Driver, interrupt to first fetch', driver.interrupt, formatTime),
    constant('Driver, fetch of one fault entry', driver.fetchPerEntry, formatTime),
    constant('Driver, preprocessing of one fault entry', driver.preprocessPerEntry, formatTime),
    constant('Driver, per block of a batch', driver.perBlock, formatTime),
    constant('Driver, unmap of one host page', driver.perPageUnmap, formatTime),
    constant('Driver, TLB shootdown per block', driver.tlbShootdown, formatTime),
    constant('Driver, DMA mapping of one host page', driver.dmaMapPerPage, formatTime),
    constant('Driver, set-up of one copy', driver.dmaSetup, formatTime),
    constant('Driver, allocation of one chunk', driver.populatePerChunk, formatTime),
    constant('Driver, zeroing of device memory', driver.zeroing, rate),
    constant('Driver, one page table entry', driver.ptePerUpdate, formatTime),
    constant('Driver, replay', driver.replay, formatTime),
    constant('Driver, per evicted block', driver.evictionPerBlock, formatTime),
  ];
}

function ofGpu(gpu: GpuSpec): readonly MachineConstant[] {
  return [
    constant('GPU, multiprocessors', gpu.smCount, formatCount),
    constant('GPU, thread groups per multiprocessor', gpu.warpsPerSm, formatCount),
    constant('GPU, threads per group', gpu.threadsPerWarp, formatCount),
    constant('GPU, multiprocessors per first-level TLB', gpu.smsPerUtlb, formatCount),
    constant('GPU, outstanding faults per first-level TLB', gpu.faultsPerUtlb, formatCount),
    constant('GPU, fault buffer entries', gpu.faultBufferEntries, formatCount),
    constant('GPU, TLB reach with 2 MiB pages', gpu.tlbReach, formatBytes),
    constant('GPU, page walk to a small page', gpu.pageWalk, formatTime),
    constant('GPU, page walk to a 2 MiB page', gpu.pageWalkHuge, formatTime),
    constant('GPU, latency of its own memory', gpu.memoryLatency, formatTime),
  ];
}

function ofRemote(remote: RemoteAccessSpec): readonly MachineConstant[] {
  return [
    constant('Remote access, latency', remote.latency, formatTime),
    constant('Remote access, requests in flight', remote.inFlight, formatCount),
    constant('Remote access, bytes per request', remote.requestBytes, formatBytes),
  ];
}

function ofTiming(timing: MachineTiming): readonly MachineConstant[] {
  return [
    ...ofLink('Link', timing.link),
    ...(timing.peerLink ? ofLink('Link between devices', timing.peerLink) : []),
    constant('CPU first touch', timing.cpuFirstTouch, formatTime),
    constant('CPU fault, without transfer', timing.cpuFault, formatTime),
    constant('GPU fault batch, fixed part', timing.batchFixed, formatTime),
    constant('GPU fault batch, per fault', timing.batchPerFault, formatTime),
    constant('Eviction, without transfer', timing.evictionFixed, formatTime),
    ...(timing.driver ? ofDriver(timing.driver) : []),
    constant('Host memory bandwidth', timing.hostBandwidth, rate),
    constant('Device memory bandwidth', timing.deviceBandwidth, rate),
    constant('Remote access bandwidth', timing.remoteBandwidth, rate),
    ...(timing.remote ? ofRemote(timing.remote) : []),
    constant('Kernel launch', timing.kernelLaunch, formatTime),
  ];
}

/** Every constant of a machine as text, with where it comes from: for reports, pickers and reference pages. */
export function machineConstants(machine: MachineSpec): readonly MachineConstant[] {
  return [
    constant('Device memory', machine.deviceMemory, formatBytes),
    constant('Fault batch entries', machine.faultBatchEntries, formatCount),
    constant('CPU may map device memory', machine.hostMapsDevice, yesNo),
    ...optional('Base page of the host', machine.hostPage, formatBytes),
    ...(machine.gpu ? ofGpu(machine.gpu) : []),
    ...(machine.timing ? ofTiming(machine.timing) : []),
  ];
}
