/** Builders for the answers that the renderer gets, with only what a test is about. */
import { objectColour } from '../../../src-core/model/catalog/colours';
import type { ObjectRow, TimelineAnswer, TrackAnswer } from '../../../src-core/model/timeline';
import { tracksOf } from '../../../src-core/timeline/tracks';

const runWide = tracksOf(false).tracks;

export const objectRow = (over: Partial<ObjectRow> & { readonly name: string }): ObjectRow => ({
  object: 0,
  bytes: 32 * 1024 * 1024,
  cpuFaults: 0,
  gpuFaults: 0,
  bytesToDevice: 0,
  bytesToHost: 0,
  migrations: 0,
  evictions: 0,
  pingPongs: 0,
  deadBytesToDevice: 0,
  deadBytesToHost: 0,
  unresolvedBytesToDevice: 0,
  unresolvedBytesToHost: 0,
  prefetchedBytes: 0,
  usefulBytes: null,
  remoteBytes: 0,
  stallPs: null,
  reads: { cpu: 0, gpu: 0 },
  writes: { cpu: 0, gpu: 0 },
  residentBytes: 0,
  ...over,
});

/** A run-wide track as the engine answers it; any other id is the occupancy of an object. */
export const track = (id: string, values: readonly number[], over: Partial<TrackAnswer> = {}): TrackAnswer => ({
  ...(runWide.find((one) => one.id === id) ?? {
    id,
    title: id,
    short: over.title ?? id,
    group: 'occupancy',
    unit: 'bytes',
    colour: objectColour(over.object ?? -1),
    down: false,
  }),
  values: Float64Array.from(values),
  ...over,
});

export const timelineAnswer = (tracks: readonly TrackAnswer[], over: Partial<TimelineAnswer> = {}): TimelineAnswer => ({
  axis: 'accesses',
  extent: { from: 0, to: 400 },
  from: 0,
  to: 400,
  bins: 4,
  capacityBytes: 1000,
  tracks,
  marks: [],
  steps: [],
  stepsOmitted: 0,
  ...over,
});
