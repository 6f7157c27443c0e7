/**
 * Perfect prefetch: every byte arrives just before it is needed, without a fault, and hidden behind whatever else goes on.
 * Bounds the simulated time: a run cannot be faster than its processors with all their memory local, nor than the link
 * (link-floor.ts) can carry what has to cross. The first is a run of the same input with room for everything on the same
 * machine, whose faults, first touches and transfers take no time, and where each processor works at the highest rate at
 * which it reaches any memory. Not defined where the link floor is not.
 */
import { atEnd, notDefined, type Bound } from './bound';
import { linkTimePs, whyNoTraffic } from './link-floor';

export const perfectPrefetch: Bound = {
  id: 'perfect-prefetch',
  title: 'Perfect prefetch',
  summary:
    'Every byte arrives before it is needed, and transfers overlap computation. The longer of two times: the time of the processors with all memory local, and the time of the link for the bytes that must cross it.',
  needs: ['compute'],
  judge(context) {
    const { header, observation, runs, refusals } = context;
    const shared = context.movement === 'one-memory';
    const link = linkTimePs(
      header.machine,
      header.devices,
      shared ? 0 : observation.toDevice(Infinity),
      shared ? 0 : observation.toHost(Infinity),
    );
    const undefinedAs = (reason: string) => ({ values: [notDefined('simTimePs', 'bound', reason)], notes: [] });
    const why = whyNoTraffic(context);
    if (why) return undefinedAs(why);
    if (link === null) return undefinedAs('this machine only counts and has no clock');
    const made = runs.compute?.totals;
    if (!made) return undefinedAs(refusals.compute ?? 'the run with all memory local was not made');
    // Each time that a clock is set is rounded, up to twice an event: that would count against the current run.
    const compute = Math.max(0, made.simTimePs - 2 * made.events);
    return {
      values: [atEnd('simTimePs', 'bound', Math.max(compute, link))],
      notes: [
        compute >= link
          ? 'The processors take longer than the link: perfect prefetch would hide all transfers.'
          : 'The link takes longer than the processors: prefetch cannot hide all transfers.',
      ],
    };
  },
};
