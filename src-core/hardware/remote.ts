/**
 * Loads and stores across the link. The rate of many independent ones is what the link carries, or what the requests in
 * flight can keep on their way (Little's law: in flight × bytes ÷ latency), whichever is less; one that another waits for
 * takes the whole latency. Left out: contention with copies, different depths for loads and stores.
 */
import { bytesPerSecond, PS_PER_S, type BytesPerSecond } from '../base/units';
import type { MachineTiming } from '../model/machine';

/** Rate of independent remote accesses, at most `remoteBandwidth`. */
export function remoteRate(timing: MachineTiming): BytesPerSecond {
  const { remote, remoteBandwidth } = timing;
  if (!remote) return remoteBandwidth.value;
  const onTheirWay = (remote.inFlight.value * remote.requestBytes.value * PS_PER_S) / remote.latency.value;
  return bytesPerSecond(Math.min(remoteBandwidth.value, onTheirWay));
}
