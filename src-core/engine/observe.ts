/** A pass over an input with unlimited device memory, which records what has to happen in any run of it. */
import type { Visits } from '../model/bounds';
import type { AccessOp, ProcessorIndex } from '../model/processor';
import type { Granularity } from '../model/scenario';
import type { Recorder } from '../record/recorder';
import type { RunObserver } from './observer';
import { withRoomForAll } from './look-ahead';
import { Run, type RunConfig } from './run';
import { UnavoidableTraffic } from './unavoidable-traffic';
import { VisitRecorder } from './visits';

export interface Observed {
  readonly traffic: UnavoidableTraffic;
  /** null: there were more than are kept. */
  readonly visits: Visits | null;
  readonly osCalls: number;
  readonly concurrent: boolean;
}

/** Segments between two pauses: a few milliseconds. */
const SLICE = 20_000;

class Observer implements RunObserver {
  osCalls = 0;
  concurrent = false;
  private together = false;
  constructor(
    readonly traffic: UnavoidableTraffic,
    readonly visits: VisitRecorder,
  ) {}
  stepBegins(_processor: number, access: number, concurrent: boolean): void {
    if (concurrent && this.together) return;
    this.visits.epoch(access);
    if (!concurrent) return;
    this.concurrent = this.together = true;
    this.traffic.setConcurrent(true, access);
  }
  met(access: number): void {
    this.together = false;
    this.traffic.setConcurrent(false, access);
  }
  osCall(): void {
    this.osCalls++;
  }
  accessed(
    access: number,
    processor: ProcessorIndex,
    unit: number,
    op: AccessOp,
    start: number,
    stride: number,
    count: number,
    bytes: number,
  ): void {
    this.visits.visit(access, processor, unit, op);
    this.traffic.accessed(access, processor, op, start, stride, count, bytes);
  }
}

/**
 * @param inOrder visits count in the order of the stream; false: in any order inside a step
 * @param pause called between slices; throws to stop
 */
export async function observe(
  config: Omit<RunConfig, 'recorder' | 'observer'>,
  recorder: Recorder,
  unitBytes: Granularity,
  inOrder: boolean,
  pause: (progress: number | null) => Promise<void>,
): Promise<Observed> {
  const { space, devices } = config.source;
  const observer = new Observer(new UnavoidableTraffic(space), new VisitRecorder(space, unitBytes, devices, inOrder));
  const run = new Run({ ...withRoomForAll(config, unitBytes), recorder, observer }, null);
  try {
    while (!run.finished) {
      await run.advance(SLICE);
      await pause(run.progress());
    }
  } finally {
    run.close();
  }
  return {
    traffic: observer.traffic,
    visits: observer.visits.finish(run.memory.accessCount),
    osCalls: observer.osCalls,
    concurrent: observer.concurrent,
  };
}
