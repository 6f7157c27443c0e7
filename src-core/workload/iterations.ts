/** On which iterations of its phase a part runs: from, from + every, … ≤ to, from 1. */
export interface Iterations {
  readonly from: number;
  readonly to: number;
  readonly every: number;
}

/** First iteration from `iteration` on at which a part runs; Infinity when there is none. */
export function nextRun(part: Iterations, iteration: number): number {
  const at = part.from + Math.max(0, Math.ceil((iteration - part.from) / part.every)) * part.every;
  return at <= part.to ? at : Infinity;
}
