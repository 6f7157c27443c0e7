/** A memory system's part of a summary, written down by hand. */
import type { SystemNumbers, SystemSummary } from '../../../src-core/model/memory-system';
import type { RunSummary } from '../../../src-core/model/summary';

export const numbers: SystemNumbers = {
  accessesPerSecond: 1.5e6,
  workItems: { count: 30, p50Ps: 2e6, p99Ps: 8e9, maxPs: 9e9 },
  barriers: null,
  deviceBusy: 0.125,
  pagesToDevice: 512,
  pagesToHost: 256,
  bounces: 7,
  bouncesOfWorstPage: 3,
  duplicationFactor: 1.5,
  relocatedPointers: 0,
  apiCalls: 0,
  staleReads: 0,
  evacuationPs: 180e6,
  evacuationResidueBytes: 4096,
  pinnedBytesPeak: 262144,
  untouchedDeviceBytes: 0,
  contentMismatches: 0,
  strayKernelBytes: 0,
  peakDeviceBytes: 2 * 1048576,
  peakHostBytes: 6 * 1048576,
  swapOuts: 0,
  swapIns: 0,
  hintFaults: 0,
  cowBreaks: 0,
  notifierEvents: 40,
  rssConsistent: true,
  memcgConsistent: false,
};

export const system: SystemSummary = {
  id: 'hmm',
  title: 'HMM',
  params: { thp: 'always', contents: true },
  numbers,
  requirements: [
    { id: '1a', title: 'all data can be moved off', holds: false, detail: '4 KiB stay' },
    { id: '5', title: 'no migration when it is switched off', holds: null, detail: 'migration was on' },
    { id: '6', title: 'no change to the application', holds: true, detail: '0 calls added' },
  ],
  outcomes: [{ result: 'SIGBUS', what: 'gpu0 read', object: 'A', count: 3, timePs: 1e9, access: 1024 }],
};

export const withSystem = (summary: RunSummary, over: Partial<SystemSummary> = {}): RunSummary => ({
  ...summary,
  system: { ...system, ...over },
});
