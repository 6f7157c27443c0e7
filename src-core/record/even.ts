/** How far a column rises by equal steps. One loop per type of column: a loop over all types takes twice as long. */
import type { PlainColumn } from '../base/plain';

/**
 * The first row in [from, end) whose difference to the row before is not `step`, or `end`. `from` is 1 or more. Columns of 8
 * and 16 bits are looked at for a step of 0 only; for others, `from` is returned.
 */
export function evenUpTo(values: PlainColumn, from: number, end: number, step: number): number {
  if (values instanceof Float64Array) return doublesUpTo(values, from, end, step);
  if (values instanceof Uint32Array) return wordsUpTo(values, from, end, step);
  if (step !== 0) return from;
  if (values instanceof Uint16Array) return halvesUpTo(values, from, end);
  return values instanceof Uint8Array ? bytesUpTo(values, from, end) : from;
}

function doublesUpTo(values: Float64Array, from: number, end: number, step: number): number {
  let i = from;
  while (i < end && values[i]! - values[i - 1]! === step) i++;
  return i;
}

function wordsUpTo(values: Uint32Array, from: number, end: number, step: number): number {
  let i = from;
  while (i < end && values[i]! - values[i - 1]! === step) i++;
  return i;
}

function halvesUpTo(values: Uint16Array, from: number, end: number): number {
  const before = values[from - 1];
  let i = from;
  while (i < end && values[i] === before) i++;
  return i;
}

function bytesUpTo(values: Uint8Array, from: number, end: number): number {
  const before = values[from - 1];
  let i = from;
  while (i < end && values[i] === before) i++;
  return i;
}
