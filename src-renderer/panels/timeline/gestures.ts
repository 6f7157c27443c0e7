/** Pointer and wheel on the plot: brush a range, pan, zoom around the pointer. Coordinates in CSS pixels of the plot. */
import { useEventListener } from '@vueuse/core';
import type { Ref } from 'vue';
import type { Range } from '../../stores/view';

export interface GestureTarget {
  /** Place on the axis under a pixel; null while there is nothing to see. */
  at(x: number): number | null;
  hover(point: { readonly x: number; readonly y: number } | null): void;
  /** The range brushed so far, or null: a plain click. */
  brush(range: Range | null): void;
  /** Pixels dragged since the last call. */
  dragBy(pixels: number): void;
  zoom(factor: number, at: number): void;
  fit(): void;
}

/** Smaller movements are a click. */
const CLICK_PX = 3;
const ZOOM_PER_WHEEL_PX = 0.0018;
/** Firefox and some mice count the wheel in lines. */
const LINE_PX = 16;

export function useGestures(areaEl: Ref<HTMLElement | null>, target: GestureTarget): void {
  let mode: 'none' | 'brush' | 'pan' = 'none';
  let startX = 0;
  let lastX = 0;
  let moved = false;

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = areaEl.value!.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const onDown = (event: PointerEvent): void => {
    if (event.button > 1) return;
    mode = event.shiftKey || event.button === 1 ? 'pan' : 'brush';
    moved = false;
    startX = lastX = place(event).x;
    areaEl.value!.setPointerCapture(event.pointerId);
    if (event.button === 1) event.preventDefault(); // no scroll wheel cursor
  };
  const onMove = (event: PointerEvent): void => {
    const point = place(event);
    target.hover(point);
    if (mode === 'none') return;
    if (Math.abs(point.x - startX) > CLICK_PX) moved = true;
    if (!moved) return;
    if (mode === 'pan') target.dragBy(point.x - lastX);
    else brushTo(point.x);
    lastX = point.x;
  };
  const brushTo = (x: number): void => {
    const a = target.at(startX);
    const b = target.at(x);
    if (a !== null && b !== null && a !== b) target.brush({ from: Math.min(a, b), to: Math.max(a, b) });
  };
  const onUp = (): void => {
    if (mode === 'brush' && !moved) target.brush(null);
    mode = 'none';
  };
  const onLeave = (): void => {
    if (mode === 'none') target.hover(null);
  };
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) target.dragBy(-sideways * unit);
    else {
      const at = target.at(place(event).x);
      if (at !== null) target.zoom(Math.exp(event.deltaY * unit * ZOOM_PER_WHEEL_PX), at);
    }
  };

  useEventListener(areaEl, 'pointerdown', onDown);
  useEventListener(areaEl, 'pointermove', onMove);
  useEventListener(areaEl, ['pointerup', 'pointercancel'], onUp);
  useEventListener(areaEl, 'pointerleave', onLeave);
  useEventListener(areaEl, 'wheel', onWheel, { passive: false });
  useEventListener(areaEl, 'dblclick', () => target.fit());
}
