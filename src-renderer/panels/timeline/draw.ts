/**
 * The timeline on a canvas. Costs were measured (a stacked path of 3 × 1200 points: under 1 ms of script and cheap
 * raster; thousands of thin rectangles in one path are not), so bands are step-shaped areas, one path per series, drawn
 * from the top of the stack downwards.
 */
import { objectColour } from '../../../src-core/model/catalog/colours';
import type { BoundTrack } from '../../../src-core/model/timeline';
import type { Range } from '../../stores/view';
import type { Palette } from '../../theme/palette';
import { drawMarks, drawPhases, drawSteps } from './bands';
import { LANE_HEAD_PX, RULER_PX, type LaneBox, type Layout } from './layout';
import type { LanePicture } from './picture';
import { toPixel } from './scale';
import type { Scene } from './scene';
import type { Stack } from './stack';
import { axisTicks, valueLabel } from '../../charts/ticks';

const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const FADED = 0.22;

export function drawScene(context: CanvasRenderingContext2D, scene: Scene): void {
  const { layout, palette, ratio } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = palette.token('surface');
  context.fillRect(0, 0, layout.width, layout.height);
  context.font = FONT;
  context.textBaseline = 'middle';
  drawRuler(context, scene);
  drawPhases(context, scene);
  drawSteps(context, scene);
  for (const lane of scene.picture.lanes) {
    const box = layout.lanes.find((one) => one.lane === lane.lane);
    if (box && box.height > LANE_HEAD_PX) drawLane(context, scene, lane, box);
  }
  drawMarks(context, scene);
}

/** Where zero lies in a lane, and how many pixels the top value gets. */
export function laneScale(lane: LanePicture, box: LaneBox): { readonly zero: number; readonly reach: number } {
  const room = box.height - LANE_HEAD_PX;
  if (lane.down) return { zero: box.top + LANE_HEAD_PX + room / 2, reach: room / 2 - 1 };
  return { zero: box.top + box.height - 1, reach: room - 1 };
}

function drawRuler(context: CanvasRenderingContext2D, { layout, view, picture, palette, ratio }: Scene): void {
  context.fillStyle = palette.token('surface-sunken');
  context.fillRect(0, 0, layout.width, RULER_PX);
  for (const tick of axisTicks(view.from, view.to, layout.width, picture.answer.axis)) {
    const x = Math.round(toPixel(tick.at, view, layout.width) * ratio) / ratio;
    context.fillStyle = palette.token('grid');
    context.fillRect(x, layout.stepsTop, 1, layout.height);
    context.fillStyle = palette.token('border-strong');
    context.fillRect(x, RULER_PX - 6, 1, 6);
    context.fillStyle = palette.token('text-muted');
    const width = context.measureText(tick.label).width;
    if (x + 4 + width < layout.width) context.fillText(tick.label, x + 4, RULER_PX / 2);
  }
}

function drawLane(context: CanvasRenderingContext2D, scene: Scene, lane: LanePicture, box: LaneBox): void {
  const { layout, palette, picture } = scene;
  const { zero, reach } = laneScale(lane, box);
  context.fillStyle = palette.token('grid');
  context.fillRect(0, Math.round(zero - reach), layout.width, 1);
  if (lane.down) context.fillRect(0, Math.round(zero + reach), layout.width, 1);
  fillStack(context, scene, lane.up, zero, reach / lane.top);
  if (lane.down) fillStack(context, scene, lane.down, zero, -reach / lane.top);
  for (const bound of lane.bounds) drawBound(context, scene, bound, zero, reach / lane.top);
  context.fillStyle = palette.token('grid-strong');
  if (lane.down) context.fillRect(0, Math.round(zero), layout.width, 1);
  context.fillStyle = palette.token('border');
  context.fillRect(0, box.top, layout.width, 1);
  if (lane.lane === 'occupancy') {
    const y = Math.round(zero - (picture.answer.capacityBytes / lane.top) * reach);
    context.fillStyle = palette.token('capacity');
    for (let x = 0; x < layout.width; x += 9) context.fillRect(x, y, 6, 1);
    drawScaleLabel(context, palette, `capacity ${valueLabel(picture.answer.capacityBytes, 'bytes')}`, y + 9);
  } else if (lane.up.max > 0 || (lane.down?.max ?? 0) > 0 || lane.bounds.some(({ values }) => values.some(Boolean)))
    drawScaleLabel(context, palette, valueLabel(lane.top, lane.unit), zero - reach + 8);
}

/** Value of a horizontal line, on a plate so that it is read over bars. */
function drawScaleLabel(context: CanvasRenderingContext2D, palette: Palette, text: string, y: number): void {
  const width = context.measureText(text).width;
  context.globalAlpha = 0.8;
  context.fillStyle = palette.token('surface');
  context.fillRect(2, y - 7, width + 6, 14);
  context.globalAlpha = 1;
  context.fillStyle = palette.token('text-muted');
  context.fillText(text, 5, y);
}

/** @param scale pixels per unit, negative for what grows downwards. */
function fillStack(context: CanvasRenderingContext2D, scene: Scene, stack: Stack, zero: number, scale: number): void {
  const { view, layout, picture, palette, ratio, focusObject } = scene;
  const { answer } = picture;
  const { bins } = answer;
  const first = toPixel(answer.from, view, layout.width);
  const perBin = (toPixel(answer.to, view, layout.width) - first) / bins;
  const from = Math.max(0, Math.floor(-first / perBin));
  const to = Math.min(bins, Math.ceil((layout.width - first) / perBin));
  const smallest = Math.sign(scale);
  const edge = (bin: number): number => Math.round((first + bin * perBin) * ratio) / ratio;
  const traceArea = (tops: Float64Array): void => {
    context.beginPath();
    context.moveTo(edge(from), zero);
    let height = 0;
    for (let bin = from; bin < to; bin++) {
      const value = tops[bin]!;
      // What is there is seen, however small beside the largest.
      const now = value > 0 ? (Math.abs(value * scale) < 1 ? smallest : value * scale) : 0;
      if (now === height) continue;
      const x = edge(bin);
      context.lineTo(x, zero - height);
      context.lineTo(x, zero - now);
      height = now;
    }
    context.lineTo(edge(to), zero - height);
    context.lineTo(edge(to), zero);
  };
  for (let index = stack.tracks.length - 1; index >= 0; index--) {
    const track = stack.tracks[index]!;
    const tops = stack.tops[index]!;
    const faded = focusObject !== null && track.group === 'occupancy' && track.colour !== objectColour(focusObject);
    traceArea(tops);
    if (faded) {
      // A transparent band would show the one above it, which reaches down to zero below it.
      context.fillStyle = palette.token('surface');
      context.fill();
      context.globalAlpha = FADED;
    }
    context.fillStyle = palette.token(track.colour);
    context.fill();
    context.globalAlpha = 1;
  }
}

const BOUND_PX = 1.5;
/** Wider, in the colour of the ground: the line is seen over a stack of its own hue. */
const HALO_PX = 3.5;

/** A bound as steps, bin by bin. @param scale pixels per unit */
function drawBound(
  context: CanvasRenderingContext2D,
  scene: Scene,
  bound: BoundTrack,
  zero: number,
  scale: number,
): void {
  const { view, layout, picture, palette } = scene;
  const { from, to, bins } = picture.answer;
  const first = toPixel(from, view, layout.width);
  const perBin = (toPixel(to, view, layout.width) - first) / bins;
  const begin = Math.max(0, Math.floor(-first / perBin));
  const end = Math.min(bins, Math.ceil((layout.width - first) / perBin));
  const reached = Math.min(end, Math.ceil((toPixel(picture.answer.extent.to, view, layout.width) - first) / perBin));
  const path = new Path2D();
  for (let bin = begin; bin < reached; bin++) {
    const y = zero - (bound.values[bin] ?? 0) * (bound.down ? -scale : scale);
    if (bin === begin) path.moveTo(first + bin * perBin, y);
    else path.lineTo(first + bin * perBin, y);
    path.lineTo(first + (bin + 1) * perBin, y);
  }
  context.lineJoin = 'round';
  context.lineWidth = HALO_PX;
  context.strokeStyle = palette.token('surface');
  context.stroke(path);
  context.lineWidth = BOUND_PX;
  context.strokeStyle = palette.token(bound.colour);
  context.stroke(path);
}

export interface OverlayScene {
  readonly layout: Layout;
  readonly view: Range;
  readonly palette: Palette;
  readonly ratio: number;
  readonly selection: Range | null;
  /** Pointer in CSS pixels from the left of the plot. */
  readonly hoverX: number | null;
}

/** Selection and crosshair: on a canvas of their own, so that moving the pointer redraws no data. */
export function drawOverlay(context: CanvasRenderingContext2D, scene: OverlayScene): void {
  const { layout, view, palette, ratio, selection, hoverX } = scene;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, layout.width, layout.height);
  if (selection) {
    const left = toPixel(selection.from, view, layout.width);
    const right = toPixel(selection.to, view, layout.width);
    context.fillStyle = palette.token('selection');
    context.fillRect(left, 0, right - left, layout.height);
    context.fillStyle = palette.token('selection-edge');
    context.fillRect(Math.round(left), 0, 1, layout.height);
    context.fillRect(Math.round(right), 0, 1, layout.height);
  }
  if (hoverX !== null) {
    context.fillStyle = palette.token('crosshair');
    context.fillRect(Math.round(hoverX), 0, 1, layout.height);
  }
}
