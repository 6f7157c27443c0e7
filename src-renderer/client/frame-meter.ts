/**
 * Script time that the main thread spends for each frame on messages, Vue updates and drawing. Always on: two clock
 * readings per message and draw. Read by the performance tests as `window.__faultlineFrames`.
 */
import { nextTick } from 'vue';

declare global {
  interface Window {
    /** Milliseconds of the newest frames that had work, oldest first; at most FRAMES_KEPT. */
    __faultlineFrames?: number[];
  }
}

const FRAMES_KEPT = 600;

const frames: number[] = [];
let spentMs = 0;
let scheduled = false;

export function publishFrames(): void {
  window.__faultlineFrames = frames;
}

function closeFrame(): void {
  scheduled = false;
  frames.push(spentMs);
  if (frames.length > FRAMES_KEPT) frames.shift();
  spentMs = 0;
}

function add(ms: number): void {
  spentMs += ms;
  if (scheduled) return;
  scheduled = true;
  // A timer behind the animation frame runs after every drawing callback of that frame.
  requestAnimationFrame(() => setTimeout(closeFrame));
}

/** Counts a piece of synchronous work towards the current frame. */
export function measured<T>(work: () => T): T {
  const start = performance.now();
  try {
    return work();
  } finally {
    add(performance.now() - start);
  }
}

/** Counts the handling of a message, with the component updates that Vue flushes at the end of the same task. */
export function measuredWithUpdates(work: () => void): void {
  const start = performance.now();
  try {
    work();
  } finally {
    void nextTick(() => add(performance.now() - start));
  }
}
