/**
 * Devices that hold everything. Bounds device faults and bytes each way: a unit moves only where another processor needs it,
 * which every run that pages in the same unit has to do as well, whatever its capacity, evictions and prefetches. Time is a
 * reference point: the run's own memory system and policies with as much memory as the workload has; batches of faults form
 * differently there, so that it is usually, not provably, the faster of the two. Not defined as `belady` is not.
 */
import { formatBytes } from '../../base/units';
import { along, atEnd, notDefined, type Bound, type Judgement } from './bound';
import { whyNoFaults, whyNoPaging } from './paging-claims';

export const infiniteMemory: Bound = {
  id: 'infinite-memory',
  title: 'Infinite device memory',
  summary:
    'The minimum without evictions: pages move only because another processor needs them. Faults and bytes are bounds for paging on demand; the time is that of the same run (same policies) on a device with room for everything.',
  needs: ['unlimited'],
  judge(context) {
    const { header, observation, runs, refusals } = context;
    const { unlimited, unitBytes } = observation;
    const noPaging = whyNoPaging(context);
    const noFaults = whyNoFaults(context);
    const time = runs.unlimited?.totals;
    const values: Judgement[] = [
      noFaults || !unlimited
        ? notDefined('gpuFaults', 'bound', noFaults ?? '')
        : along('gpuFaults', (access) => unlimited.fetches.at(access)),
      ...(['toDevice', 'toHost'] as const).map((way) => {
        const quantity = way === 'toDevice' ? 'bytesToDevice' : 'bytesToHost';
        return noPaging || !unlimited
          ? notDefined(quantity, 'bound', noPaging ?? '')
          : along(quantity, (access) => unlimited[way].at(access) * unitBytes);
      }),
      !header.machine.timing
        ? notDefined('simTimePs', 'reference', 'this machine only counts and has no clock')
        : time
          ? atEnd('simTimePs', 'reference', time.simTimePs)
          : notDefined(
              'simTimePs',
              'reference',
              refusals.unlimited ?? 'the run with unlimited device memory was not made',
            ),
    ];
    const footprint = (unlimited?.footprint.total ?? 0) * unitBytes;
    const capacity = header.scenario.deviceMemoryBytes * header.devices;
    const notes =
      footprint > capacity ? [`Devices touch ${formatBytes(footprint)} and hold ${formatBytes(capacity)}.`] : [];
    return { values, notes };
  },
};
