/**
 * The link alone. A byte that one processor wrote last and another one reads has to cross, once per write and reader, as part
 * of a page, a line or a remote access; the link carries no more than its rate. Bounds the bytes that cross in all (moved and
 * accessed remotely) and the simulated time, for every memory system whose devices have memory of their own across a link.
 * Rate: the link's asymptote or the rate of remote accesses, whichever is higher, per device. Assumes that accesses to one
 * byte keep their order inside a step. Not defined where processors share a memory, where the operating system is called (it may copy or drop contents), and
 * where accesses were not made.
 */
import { PS_PER_S } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import { along, atEnd, notDefined, type Bound, type BoundContext } from './bound';

/** Why nothing has to cross; null: it has. */
export function whyNoTraffic({ header, summary, observation, movement }: BoundContext): string | null {
  if (header.scenario.system && observation.osCalls > 0)
    return 'the workload calls the operating system, which may copy or drop contents';
  if (movement === 'built-on-device' && header.objects.some(({ initially }) => initially === 'host'))
    return 'initial data was built in device memory';
  if (summary.system && summary.system.outcomes.length > 0)
    return 'some accesses of this run were never made (see its outcomes)';
  if (summary.system && summary.system.numbers.staleReads > 0)
    return 'this run reads stale copies, which do not have to be transferred';
  return null;
}

/** ps for these bytes at the highest rates that the machine has; null on a machine without a clock. */
export function linkTimePs(machine: MachineSpec, devices: number, toDevice: number, toHost: number): number | null {
  if (!machine.timing) return null;
  const { link, remoteBandwidth } = machine.timing;
  const rateOf = (asymptote: number): number => Math.max(asymptote, remoteBandwidth.value) * devices;
  const down = (toDevice / rateOf(link.asymptote.value)) * PS_PER_S;
  const up = (toHost / rateOf((link.asymptoteToHost ?? link.asymptote).value)) * PS_PER_S;
  return Math.floor(link.duplex.value ? Math.max(down, up) : down + up);
}

export const linkFloor: Bound = {
  id: 'link-floor',
  title: 'Link-limited floor',
  summary:
    'Only bytes that one side wrote and the other reads must cross the link, once, at the rate of the link. No memory system moves fewer bytes or takes less time, with or without migration.',
  needs: [],
  judge(context) {
    const { header, observation } = context;
    const { toDevice, toHost, peerBytes, lostPages } = observation;
    const why =
      context.movement === 'one-memory' ? 'processors of this machine share one memory' : whyNoTraffic(context);
    const time = linkTimePs(header.machine, header.devices, toDevice(Infinity), toHost(Infinity));
    return {
      values: [
        why
          ? notDefined('linkBytes', 'bound', why)
          : peerBytes > 0
            ? atEnd('linkBytes', 'bound', toDevice(Infinity) + toHost(Infinity) + peerBytes)
            : along('linkBytes', (access) => toDevice(access) + toHost(access)),
        why
          ? notDefined('simTimePs', 'bound', why)
          : time === null
            ? notDefined('simTimePs', 'bound', 'this machine only counts and has no clock')
            : atEnd('simTimePs', 'bound', time),
      ],
      notes: lostPages > 0 ? ['Not every byte could be tracked, so this bound is lower than the true minimum.'] : [],
    };
  },
};
