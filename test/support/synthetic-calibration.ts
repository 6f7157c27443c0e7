/**
 * Results of calibrate.cu as a known machine would give them, with noise from a seed. Synthetic: no GPU was measured. The
 * formulas are written a second time here, with the platform's own arc tangent, so that the fit is tested against them
 * and not against itself.
 */
import { randomStream } from '../../src-core/base/random';
import type { Calibration } from '../../src-core/presets/calibration/document';

const KIB = 1024;
const MIB = 1024 * KIB;
const PAGE = 4096;
const NS_PER_S = 1e9;

export interface KnownMachine {
  /** Bytes per second. */
  readonly toDevice: number;
  readonly toHost: number;
  readonly kneePerKib: number;
  readonly duplex: boolean;
  readonly batchFixedNs: number;
  readonly batchPerFaultNs: number;
  /** Bytes that come along with a fault: 64 KiB on NVIDIA. */
  readonly movedBytes: number;
  readonly cpuFaultNs: number;
  readonly cpuFirstTouchNs: number;
  readonly kernelLaunchNs: number;
  readonly remoteBandwidth: number;
  readonly remoteLatencyNs: number;
  readonly deviceBandwidth: number;
  readonly hostBandwidth: number;
}

/** Round numbers of no product. */
export const knownMachine: KnownMachine = {
  toDevice: 24e9,
  toHost: 21e9,
  kneePerKib: 0.05,
  duplex: true,
  batchFixedNs: 30_000,
  batchPerFaultNs: 2_500,
  movedBytes: 64 * KIB,
  cpuFaultNs: 12_000,
  cpuFirstTouchNs: 700,
  kernelLaunchNs: 7_000,
  remoteBandwidth: 20e9,
  remoteLatencyNs: 1_200,
  deviceBandwidth: 800e9,
  hostBandwidth: 11e9,
};

const transferNs = (machine: KnownMachine, bytes: number, rate: number): number =>
  (bytes * NS_PER_S) / (rate * (2 / Math.PI) * Math.atan((bytes / KIB) * machine.kneePerKib));

const doubling = (from: number, to: number, factor = 2): readonly number[] => {
  const sizes = [];
  for (let size = from; size <= to; size *= factor) sizes.push(size);
  return sizes;
};

/** @param noise each sample deviates by at most this share, evenly to both sides */
export function syntheticCalibration(machine: KnownMachine, seed: number, noise: number): Calibration {
  const random = randomStream(seed, 'synthetic-calibration');
  const noisy = (ns: number): number => Math.round(ns * (1 + noise * (2 * random.unit() - 1)) * 10) / 10;
  const samples = (ns: number, count: number): number[] => Array.from({ length: count }, () => noisy(ns));
  const there = (bytes: number): number => transferNs(machine, bytes, machine.toDevice);
  const back = (bytes: number): number => transferNs(machine, bytes, machine.toHost);
  const both = (bytes: number): number =>
    machine.duplex ? Math.max(there(bytes), back(bytes)) : there(bytes) + back(bytes);
  const copyRow = (direction: 'toDevice' | 'toHost' | 'both', ns: (bytes: number) => number) => (bytes: number) => ({
    direction,
    bytes,
    copiesPerSample: 16,
    ns: samples(ns(bytes), 7),
  });
  const neighbours = (slow: number) =>
    [1, 2, 8, 15, 16, 31, 32, 63, 64, 511].map((pages) => ({
      distanceBytes: pages * 4096,
      ns: samples(pages * 4096 < machine.movedBytes ? 800 : slow, 3),
    }));
  // The page that faulted, and what comes along with it.
  const copies = machine.movedBytes > PAGE ? [PAGE, machine.movedBytes - PAGE] : [machine.movedBytes];
  const brought = copies.reduce((ns, bytes) => ns + there(bytes), 0);
  const fault = machine.batchFixedNs + machine.batchPerFaultNs + brought;
  const cpuFault = machine.cpuFaultNs + copies.reduce((ns, bytes) => ns + back(bytes), 0);
  const batch = (pages: number, lanesPerWarp: number) => ({
    strideBytes: 2 * MIB,
    pages,
    blocks: pages,
    lanesPerWarp,
    ns: samples(machine.batchFixedNs + pages * (machine.batchPerFaultNs + brought), 5),
  });
  const streamBytes = 256 * MIB;
  const stream = (rate: number, count: number): number[] => samples((streamBytes * NS_PER_S) / rate, count);
  return {
    faultlineCalibration: 1,
    date: '2026-11-25T00:00:00Z',
    note: 'synthetic: computed from a known machine, nothing was measured',
    host: { system: 'Linux 0.0', processor: null, pageBytes: 4096 },
    device: {
      name: 'Synthetic GPU',
      runtime: 'cuda',
      runtimeVersion: 13000,
      driver: '0.0.0',
      capability: '0.0',
      totalBytes: 16 * 1024 * MIB,
      freeBytes: 15 * 1024 * MIB,
      multiprocessors: 48,
      threadsPerWarp: 32,
      threadsPerMultiprocessor: 1536,
      clockStepNs: 32,
      pageableMemoryAccess: false,
      pageableMemoryAccessUsesHostPageTables: false,
      directManagedMemAccessFromHost: false,
      hostNativeAtomicSupported: false,
    },
    managedBytes: 1024 * MIB,
    samples: {
      cpuFirstTouch: { pageBytes: 4096, pagesPerSample: 512, ns: samples(512 * machine.cpuFirstTouchNs, 8) },
      copy: [
        ...doubling(4 * KIB, 64 * MIB).map(copyRow('toDevice', there)),
        ...doubling(4 * KIB, 64 * MIB).map(copyRow('toHost', back)),
        ...doubling(MIB, 64 * MIB, 8).map(copyRow('both', both)),
      ],
      kernelLaunch: { ns: samples(machine.kernelLaunchNs, 20) },
      gpuFault: { strideBytes: 2 * MIB, ns: samples(fault, 32), neighbours: neighbours(fault) },
      gpuBatch: [1, 32].flatMap((lanes) => doubling(1, 512).map((pages) => batch(pages, lanes))),
      cpuFault: { strideBytes: 2 * MIB, ns: samples(cpuFault, 32), neighbours: neighbours(cpuFault) },
      remote: {
        bytes: streamBytes,
        readNs: stream(machine.remoteBandwidth, 5),
        writeNs: stream(machine.remoteBandwidth, 5),
        loadNs: samples(machine.remoteLatencyNs, 7),
      },
      local: {
        bytes: streamBytes,
        deviceReadNs: stream(machine.deviceBandwidth, 5),
        hostReadNs: stream(machine.hostBandwidth, 3),
      },
      prefetch: doubling(64 * KIB, 64 * MIB, 8).map((bytes) => ({
        bytes,
        toDeviceNs: samples(20_000 + there(bytes), 5),
        toHostNs: samples(20_000 + back(bytes), 5),
      })),
      advice: [
        {
          advice: 'preferred-location-host',
          before: 'host',
          deviceFirstNs: samples(fault, 4),
          deviceAgainNs: samples(machine.remoteLatencyNs, 4),
          hostFirstNs: samples(90, 4),
          hostAgainNs: samples(90, 4),
        },
        {
          advice: 'preferred-location-device',
          before: 'device',
          deviceFirstNs: samples(fault, 4),
          deviceAgainNs: samples(700, 4),
          hostFirstNs: samples(cpuFault, 4),
          hostAgainNs: samples(90, 4),
        },
        {
          advice: 'read-mostly',
          before: 'host',
          deviceFirstNs: samples(fault, 4),
          deviceAgainNs: samples(700, 4),
          hostFirstNs: samples(90, 4),
          hostAgainNs: samples(90, 4),
        },
      ],
    },
    notRecorded: [],
  };
}

/** The files of test/fixtures/calibrate, by name. */
export function syntheticDocuments(): Readonly<Record<string, string>> {
  const full = syntheticCalibration(knownMachine, 1, 0.02);
  const { remote: _left, ...samples } = full.samples;
  const text = (document: unknown): string => {
    const lines = JSON.stringify(document, null, 1);
    return `${lines.replace(/\[\s+([-0-9.,\s]+?)\s+\]/g, (_all, list: string) => `[${list.replace(/\s+/g, ' ')}]`)}\n`;
  };
  return {
    'synthetic-full.json': text(full),
    'synthetic-no-remote.json': text({
      ...full,
      samples,
      notRecorded: [{ part: 'remote', reason: 'time was up' }],
    }),
    'synthetic-truncated.json': text(full).slice(0, 6000),
    'synthetic-future.json': text({ ...full, faultlineCalibration: 2, samples: { novel: [] } }),
  };
}
