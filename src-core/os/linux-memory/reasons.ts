/** Reason codes that the Linux memory systems record. */
import { reasonCode } from '../../model/events';

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
} as const;
