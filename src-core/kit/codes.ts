/** The codes under which memory systems record what they do: reasons of events, and counters of the ledger. */
import { metricIndex, reasonCode } from '../model/events';

export const METRIC = {
  cpuFaults: metricIndex('cpuFaults'),
  gpuFaults: metricIndex('gpuFaults'),
  stallPs: metricIndex('stallPs'),
  bytesToDevice: metricIndex('bytesToDevice'),
  bytesToHost: metricIndex('bytesToHost'),
  bytesPeer: metricIndex('bytesPeer'),
  migrations: metricIndex('migrations'),
  evictions: metricIndex('evictions'),
  prefetchedBytes: metricIndex('prefetchedBytes'),
  pingPongs: metricIndex('pingPongs'),
  remoteBytes: metricIndex('remoteBytes'),
} as const;

export const REASON = {
  firstTouch: reasonCode('first-touch'),
  notResident: reasonCode('not-resident'),
  remoteMap: reasonCode('remote-map'),
  fault: reasonCode('fault'),
  prefetch: reasonCode('prefetch'),
  counter: reasonCode('access-counter'),
  capacity: reasonCode('capacity'),
  noPermission: reasonCode('no-permission'),
  numaHint: reasonCode('numa-hint'),
  exclusive: reasonCode('device-exclusive'),
  mirror: reasonCode('hmm-mirror'),
  explicit: reasonCode('explicit'),
  copyIn: reasonCode('copy-in'),
  copyOut: reasonCode('copy-out'),
  evacuate: reasonCode('evacuate'),
  swapIn: reasonCode('swap-in'),
  demote: reasonCode('demote'),
  promote: reasonCode('promote'),
  call: reasonCode('call'),
  outcome: reasonCode('outcome'),
  queueStop: reasonCode('queue-stop'),
  queueStart: reasonCode('queue-start'),
  driverEvent: reasonCode('driver-event'),
} as const;
