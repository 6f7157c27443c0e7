/** Lines of bounds on the axis of a run: what had to happen in each bin, by the accesses that the run executed in it. */
import type { BoundTrack, TimelineAnswer } from '../model/timeline';
import type { BoundLine } from './bounds';

/** Which lines are drawn: more of them would hide what they are compared with. */
const DRAWN: readonly Omit<BoundTrack, 'values'>[] = [
  { id: 'belady.gpuFaults', group: 'faults', colour: 'ink', down: false, title: 'optimal eviction' },
  { id: 'infinite-memory.gpuFaults', group: 'faults', colour: 'emerald', down: false, title: 'infinite memory' },
  { id: 'belady.bytesToDevice', group: 'bytes', colour: 'ink', down: false, title: 'optimal eviction' },
  { id: 'belady.bytesToHost', group: 'bytes', colour: 'ink', down: true, title: 'optimal eviction' },
  { id: 'link-floor.bytesToDevice', group: 'bytes', colour: 'purple', down: false, title: 'must cross' },
  { id: 'link-floor.bytesToHost', group: 'bytes', colour: 'purple', down: true, title: 'must cross' },
  { id: 'infinite-memory.footprint', group: 'occupancy', colour: 'emerald', down: false, title: 'touched so far' },
];

/** @param accessesAt accesses executed when the axis stood at a place */
export function withBounds(
  answer: TimelineAnswer,
  lines: readonly BoundLine[] | null,
  accessesAt: (x: number) => number,
): TimelineAnswer {
  if (!lines) return answer;
  const { bins, from, to } = answer;
  const accesses = Float64Array.from({ length: bins + 1 }, (_, bin) => accessesAt(from + ((to - from) * bin) / bins));
  const bounds = DRAWN.flatMap((track): BoundTrack[] => {
    const line = lines.find(({ bound, quantity }) => `${bound}.${quantity}` === track.id);
    if (!line) return [];
    const reached = accesses.map((access) => line.curve(access));
    const values = Float64Array.from({ length: bins }, (_, bin) =>
      track.group === 'occupancy' ? reached[bin + 1]! : reached[bin + 1]! - reached[bin]!,
    );
    return [{ ...track, values }];
  });
  return { ...answer, bounds };
}
