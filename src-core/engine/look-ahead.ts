/** The future of a run for policies that need it, from a first pass over the same accesses. */
import { CPU } from '../model/processor';
import type { Granularity } from '../model/scenario';
import type { Recorder } from '../record/recorder';
import { type Future, FutureRecorder } from './future';
import { Run, type RunConfig } from './run';

/** The same input where nothing but the accesses counts: faults one by one, no clock, and devices that hold everything. */
export function withRoomForAll<C extends Pick<RunConfig, 'source' | 'machine' | 'scenario'>>(
  config: C,
  granularity: Granularity,
): C {
  const { system: _system, ...base } = config.scenario;
  const { gpu: _gpu, ...machine } = config.machine;
  const granules = Math.max(1, Math.ceil(config.source.space.bytes / granularity));
  return {
    ...config,
    machine: {
      ...machine,
      timing: null,
      faultBatchEntries: { value: 1, source: 'first pass', grade: 'definition' },
    },
    scenario: {
      ...base,
      granularity,
      deviceMemoryBytes: granules * granularity,
      usefulBytes: false,
      changes: [],
      policies: [
        { kind: 'eviction', id: 'access-lru', params: {} },
        { kind: 'prefetch', id: 'none', params: {} },
        { kind: 'migration', id: 'on-fault', params: {} },
      ],
    },
  };
}

/** First pass for policies that need the future: the same accesses on a device that holds everything. */
export async function lookAhead(
  config: Omit<RunConfig, 'recorder'>,
  recorder: Recorder,
  pause: (progress: number | null) => Promise<void>,
): Promise<Future> {
  // Systems on the Linux model work on base pages, whatever the driver's migration unit is.
  const granularity: Granularity = config.scenario.system ? 4096 : config.scenario.granularity;
  const visits = new FutureRecorder(Math.max(1, Math.ceil(config.source.space.bytes / granularity)));
  const run: Run = new Run({ ...withRoomForAll(config, granularity), recorder }, null, (granule, first, last, step) => {
    if (run.executor.processor !== CPU) visits.onAccess(granule, first, last, step);
  });
  while (!run.finished) {
    await run.advance(200_000);
    await pause(run.progress());
  }
  return visits.finish();
}
