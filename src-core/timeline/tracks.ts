/** The run-wide tracks of a timeline: faults by side and reason, bytes by direction and reason. */
import { REASON_TABLE, type ReasonEntry } from '../model/catalog/reasons';
import { reasonCode } from '../model/events';
import type { TrackAnswer } from '../model/timeline';

type Track = Omit<TrackAnswer, 'values' | 'peak' | 'object'>;

/** The run-wide tracks of a run, and the track of each reason code. */
export interface TrackTable {
  readonly tracks: readonly Track[];
  readonly cpuFaults: Uint8Array;
  readonly gpuFaults: Uint8Array;
  readonly toDevice: Uint8Array;
  readonly toHost: Uint8Array;
}

/** @param ideal the run is of the ideal system, which has fewer reasons */
export function tracksOf(ideal: boolean): TrackTable {
  const present = REASON_TABLE.filter(({ notIdeal }) => !ideal || !notIdeal);
  const tracks: Track[] = [];
  /** One track per reason that has one; returns the track of each code. */
  const addFor = (trackOf: (reason: ReasonEntry) => Track | null): Uint8Array => {
    // A reason that is not here (a recording of a newer version) counts with the first.
    const byCode = new Uint8Array(256).fill(tracks.length);
    for (const reason of present) {
      const track = trackOf(reason);
      if (track) byCode[reasonCode(reason.id)] = tracks.push(track) - 1;
    }
    return byCode;
  };
  return {
    tracks,
    cpuFaults: addFor(faultTrack('cpu')),
    gpuFaults: addFor(faultTrack('gpu')),
    toDevice: addFor(bytesTrack('toDevice')),
    toHost: addFor(bytesTrack('toHost')),
  };
}

const faultTrack =
  (side: 'cpu' | 'gpu') =>
  ({ id, title, short, fault, track = id }: ReasonEntry): Track | null =>
    fault
      ? {
          id: `faults.${side}.${track}`,
          title: `${side.toUpperCase()} faults, ${title}`,
          short: `${side.toUpperCase()} ${short}`,
          group: 'faults',
          unit: 'count',
          colour: fault[side],
          down: false,
        }
      : null;

const bytesTrack =
  (direction: 'toDevice' | 'toHost') =>
  ({ id, title, short, move, track = id }: ReasonEntry): Track | null =>
    move
      ? {
          id: `bytes.${direction}.${track}`,
          title: `${direction === 'toDevice' ? 'to device' : 'to host'}, ${title}`,
          short,
          group: 'bytes',
          unit: 'bytes',
          colour: move,
          down: direction === 'toHost',
        }
      : null;
