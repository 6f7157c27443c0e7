/** What the pointer is over, in words and numbers. Pure. */
import { formatBytes, formatCount } from '../../../src-core/base/units';
import { objectColour } from '../../../src-core/model/catalog/colours';
import { processorName, asProcessor } from '../../../src-core/model/processor';
import { TRACK_GROUPS, type MarkAnswer } from '../../../src-core/model/timeline';
import { axisSpan, axisValue } from '../../widgets/format';
import { stepColour } from './bands';
import { binAt, binStart, type Picture } from './picture';
import type { Lane } from './series';

export interface ReadoutRow {
  readonly token: string;
  readonly label: string;
  readonly value: string;
}
export interface ReadoutGroup {
  readonly lane: Lane;
  readonly title: string;
  readonly rows: readonly ReadoutRow[];
}
export interface Readout {
  readonly at: string;
  /** Width of the bin that the values stand for. */
  readonly per: string;
  readonly phase: string | null;
  /** The steps under the pointer: name, processor, duration. */
  readonly steps: readonly { readonly token: string; readonly name: string; readonly value: string }[];
  readonly marks: readonly string[];
  readonly groups: readonly ReadoutGroup[];
}

/** Rows per group: the tooltip stays smaller than the timeline. */
const ROWS_MAX = 8;
/** Calls and outcomes named at one place. */
const MARKS_MAX = 6;
const STEPS_MAX = 4;

/** @param at place on the axis; @param tolerance how far from the pointer a policy mark still counts as pointed at. */
export function readoutAt(
  picture: Picture,
  at: number,
  tolerance: number,
  markTitle: (mark: MarkAnswer) => string = ({ label }) => label,
): Readout | null {
  const { answer } = picture;
  const bin = binAt(answer, at);
  if (bin === null) return null;
  const start = binStart(answer, bin);
  const groups = picture.lanes.map((lane): ReadoutGroup => {
    const all = [...lane.up.tracks, ...(lane.down?.tracks ?? [])];
    const present = all.filter(({ values }) => (values[bin] ?? 0) > 0);
    const rows = present.slice(0, ROWS_MAX).map(({ short, colour, down, values }): ReadoutRow => {
      const value = values[bin] ?? 0;
      const direction = lane.lane === 'bytes' ? (down ? ' → host' : ' → device') : '';
      return {
        token: colour,
        label: `${short}${direction}`,
        value: lane.unit === 'bytes' ? formatBytes(value) : formatCount(value),
      };
    });
    const bounds = lane.bounds.map(({ title, colour, down, values }): ReadoutRow => {
      const value = values[bin] ?? 0;
      const direction = lane.lane === 'bytes' ? (down ? ' → host' : ' → device') : '';
      return {
        token: colour,
        label: `bound: ${title}${direction}`,
        value: lane.unit === 'bytes' ? formatBytes(value) : formatCount(value),
      };
    });
    const left = present.length - rows.length;
    return {
      lane: lane.lane,
      title: TRACK_GROUPS[lane.lane].title,
      rows: [...rows, ...(left > 0 ? [{ token: objectColour(-1), label: `${left} more`, value: '' }] : []), ...bounds],
    };
  });
  const phase = answer.marks.filter((mark) => mark.kind === 'phase' && mark.at <= at).at(-1);
  const near = answer.marks.filter((mark) => mark.kind !== 'phase' && Math.abs(mark.at - at) <= tolerance);
  // Outcomes can be many at one place: the reader sees the first, and how many more there are.
  const marks = near.slice(0, MARKS_MAX);
  return {
    at: axisValue(start, answer.axis, (answer.to - answer.from) / answer.bins),
    per: axisSpan((answer.to - answer.from) / answer.bins, answer.axis),
    phase: phase?.label ?? null,
    steps: answer.steps
      .filter((step) => step.from <= at && at < step.to)
      .slice(0, STEPS_MAX)
      .map((step) => ({
        token: stepColour(step.processor),
        name: `${step.name} on ${processorName(asProcessor(step.processor))}`,
        value: axisSpan(step.to - step.from, answer.axis),
      })),
    marks: [
      ...marks.map((mark) => `${mark.kind === 'policy' ? markTitle(mark) : mark.label}: ${mark.detail}`),
      ...(near.length > marks.length ? [`${near.length - marks.length} more`] : []),
    ],
    groups,
  };
}
