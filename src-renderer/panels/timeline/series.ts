/** Which tracks and bounds a lane shows, and what its legend names. */
import type { BoundTrack, TimelineAnswer, TrackAnswer, TrackGroup } from '../../../src-core/model/timeline';

export type Lane = TrackGroup;
export const LANES: readonly Lane[] = ['faults', 'bytes', 'occupancy'];

/** The tracks of one lane, in the order of the answer (bottom of the stack first). */
export const tracksOf = (answer: TimelineAnswer, lane: Lane): readonly TrackAnswer[] =>
  answer.tracks.filter((track) => track.group === lane);

export const boundsOf = (answer: TimelineAnswer, lane: Lane): readonly BoundTrack[] =>
  (answer.bounds ?? []).filter(({ group }) => group === lane);

/** Lines that are there in both directions are named once. */
export const boundLegend = (bounds: readonly BoundTrack[]): readonly BoundTrack[] =>
  bounds.filter(({ title }, index) => bounds.findIndex((other) => other.title === title) === index);

/** A legend names what is there: tracks without any value in sight are left out, equal ones are named once. */
export function legendOf(tracks: readonly TrackAnswer[]): readonly TrackAnswer[] {
  const seen = new Set<string>();
  return tracks.filter(({ short, colour, values }) => {
    const key = `${short}|${colour}`;
    if (seen.has(key) || !values.some((value) => value > 0)) return false;
    seen.add(key);
    return true;
  });
}
