/** When each step ran, for the lane of kernels and functions. Bounded: later steps are counted, not kept. */
import { MAX_STEPS, type StepSpan } from '../model/timeline';
import type { ProcessorIndex } from '../model/processor';

/** Steps kept (about 40 bytes each). */
export const MAX_KEPT_STEPS = 262_144;

export class StepSpans {
  /** Step instance s began and ended here on the axis; NaN = still running. Steps begin in the order of their number. */
  private readonly begins: number[] = [];
  private readonly ends: number[] = [];
  private readonly names: string[] = [];
  private readonly processors: number[] = [];
  private beyond = 0;

  begin(step: number, at: number, name: string, processor: ProcessorIndex): void {
    if (step >= MAX_KEPT_STEPS) {
      this.beyond++;
      return;
    }
    this.begins[step] = at;
    this.ends[step] = NaN;
    this.names[step] = name;
    this.processors[step] = processor;
  }

  end(step: number, at: number): void {
    if (step < this.begins.length) this.ends[step] = at;
  }

  /** The steps that overlap [from, to]; none, but their number, when they are too many to list. */
  between(
    from: number,
    to: number,
    now: number,
  ): { readonly steps: readonly StepSpan[]; readonly stepsOmitted: number } {
    const found: StepSpan[] = [];
    let count = this.beyond;
    for (let step = 0; step < this.begins.length; step++) {
      const begin = this.begins[step]!;
      const end = Number.isNaN(this.ends[step]!) ? now : this.ends[step]!;
      if (begin > to || end < from) continue;
      count++;
      if (count > MAX_STEPS) continue;
      found.push({ from: begin, to: end, name: this.names[step]!, processor: this.processors[step]! });
    }
    return count > MAX_STEPS ? { steps: [], stepsOmitted: count } : { steps: found, stepsOmitted: 0 };
  }
}
