/** The rows above the lanes: flags of policy changes, phases, steps. Boxes with a name where it fits. */
import { formatCount } from '../../../src-core/base/units';
import { processorColours, type ColourToken } from '../../../src-core/model/catalog/colours';
import { CPU } from '../../../src-core/model/processor';
import type { Scene } from './scene';
import { BAND_PX, CALLS_PX, FLAGS_PX, RULER_PX, STEPS_PX } from './layout';
import { toPixel } from './scale';

const PADDING_PX = 5;
/** Narrower boxes get no name: two letters tell nothing. */
const NAMED_PX = 26;
const STEP_OPACITY = 0.42;

/** Colour of the processor that a step runs on: the one of its faults. */
export const stepColour = (processor: number): ColourToken =>
  processorColours[processor === CPU ? 'cpu' : 'gpu'].strong;

function clippedText(context: CanvasRenderingContext2D, text: string, left: number, right: number, y: number): void {
  context.save();
  context.beginPath();
  context.rect(left, y - BAND_PX / 2, right - left - 2, BAND_PX);
  context.clip();
  context.fillText(text, left + PADDING_PX, y);
  context.restore();
}

export function drawPhases(context: CanvasRenderingContext2D, { layout, view, picture, palette }: Scene): void {
  const phases = picture.answer.marks.filter((mark) => mark.kind === 'phase');
  const y = layout.bandTop;
  context.fillStyle = palette.token('phase-a');
  context.fillRect(0, y, layout.width, BAND_PX);
  let drawnTo = -1;
  phases.forEach((phase, index) => {
    const next = phases[index + 1]?.at ?? picture.answer.extent.to;
    const left = Math.max(0, toPixel(phase.at, view, layout.width));
    const right = Math.min(layout.width, toPixel(next, view, layout.width));
    if (right <= 0 || left >= layout.width || right - drawnTo < 1) return;
    drawnTo = right;
    context.fillStyle = palette.token(index % 2 === 0 ? 'phase-a' : 'phase-b');
    context.fillRect(left, y, right - left, BAND_PX);
    context.fillStyle = palette.token('grid-strong');
    context.fillRect(left, y, 1, BAND_PX);
    if (right - left < NAMED_PX) return;
    context.fillStyle = palette.token('text-muted');
    if (context.measureText(phase.label).width + 2 * PADDING_PX <= right - left)
      context.fillText(phase.label, left + PADDING_PX, y + BAND_PX / 2);
  });
}

export function drawSteps(context: CanvasRenderingContext2D, { layout, view, picture, palette }: Scene): void {
  const { steps, stepsOmitted } = picture.answer;
  const y = layout.stepsTop;
  const middle = y + STEPS_PX / 2;
  if (stepsOmitted > 0) {
    context.fillStyle = palette.token('text-faint');
    clippedText(context, `zoom in to see ${formatCount(stepsOmitted)} steps`, 0, layout.width, middle);
    return;
  }
  let drawnTo = -Infinity;
  for (const step of steps) {
    const left = Math.max(0, toPixel(step.from, view, layout.width));
    const right = Math.min(layout.width, Math.max(left + 1, toPixel(step.to, view, layout.width)));
    if (right <= 0 || left >= layout.width || right < drawnTo + 0.5) continue;
    drawnTo = right;
    context.globalAlpha = STEP_OPACITY;
    context.fillStyle = palette.token(stepColour(step.processor));
    context.fillRect(left, y + 2, right - left, STEPS_PX - 4);
    context.globalAlpha = 1;
    context.fillRect(left, y + 2, 1, STEPS_PX - 4);
    if (right - left < NAMED_PX) continue;
    context.fillStyle = palette.token('text');
    clippedText(context, step.name, left, right, middle);
  }
}

export interface Flag {
  readonly x: number;
  readonly left: number;
  readonly width: number;
  readonly text: string;
}

/**
 * Where the flags of policy changes lie: number and title where the next flag leaves room, else the number alone, and
 * nothing where even that would cover the one before. Numbers are those of the list of policy changes.
 */
export function placeFlags(
  marks: readonly { readonly x: number; readonly title: string }[],
  width: number,
  measure: (text: string) => number,
): readonly Flag[] {
  const flags: Flag[] = [];
  let taken = -Infinity;
  marks.forEach((mark, index) => {
    if (mark.x < -1 || mark.x > width) return;
    const next = marks[index + 1]?.x ?? Infinity;
    const number = String(index + 1);
    const fitting = [`${number} ${mark.title}`, number].find((text, short) => {
      const size = measure(text) + 2 * PADDING_PX;
      const left = Math.min(mark.x, width - size);
      return left >= taken && (short === 1 || left + size < next);
    });
    if (fitting === undefined) return;
    const size = measure(fitting) + 2 * PADDING_PX;
    const left = Math.min(mark.x, width - size);
    flags.push({ x: mark.x, left, width: size, text: fitting });
    taken = left + size + 1;
  });
  return flags;
}

/**
 * Calls to the operating system and outcomes in a row of their own: a call is a short tick; an outcome is a square in the
 * colour of warnings with a line through the lanes, so that it can be distinguished without colours.
 */
function drawOsMarks(context: CanvasRenderingContext2D, { layout, view, picture, palette }: Scene): void {
  for (const mark of picture.answer.marks) {
    if (mark.kind !== 'os' && mark.kind !== 'outcome') continue;
    const x = Math.round(toPixel(mark.at, view, layout.width));
    if (x < -1 || x > layout.width) continue;
    const middle = layout.callsTop + CALLS_PX / 2;
    if (mark.kind === 'os') {
      context.fillStyle = palette.token('text-muted');
      context.fillRect(x, middle - 5, 2, 10);
      continue;
    }
    context.fillStyle = palette.token('danger');
    context.fillRect(x - 4, middle - 4, 9, 9);
    for (let y = layout.bandTop; y < layout.height; y += 9) context.fillRect(x, y, 1, 3);
  }
}

export function drawMarks(context: CanvasRenderingContext2D, scene: Scene): void {
  drawOsMarks(context, scene);
  const { layout, view, picture, palette, markTitle } = scene;
  const marks = picture.answer.marks
    .filter((mark) => mark.kind === 'policy')
    .map((mark) => ({ x: Math.round(toPixel(mark.at, view, layout.width)), title: markTitle(mark) }));
  if (marks.length === 0) return;
  context.fillStyle = palette.token('mark');
  for (const { x } of marks)
    if (x >= -1 && x <= layout.width) for (let y = RULER_PX; y < layout.height; y += 6) context.fillRect(x, y, 1, 4);
  for (const flag of placeFlags(marks, layout.width, (text) => context.measureText(text).width)) {
    context.fillStyle = palette.token('mark');
    context.fillRect(flag.left, layout.flagsTop + 1, flag.width, FLAGS_PX - 2);
    context.fillStyle = palette.token('surface');
    context.fillText(flag.text, flag.left + PADDING_PX, layout.flagsTop + FLAGS_PX / 2);
  }
}
