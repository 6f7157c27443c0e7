/** A pair of scenarios for one knob: where it has to matter, and where it must not. */
import type { EventRun } from '../../support/event-run';

export type Values = Readonly<Record<string, number | string | boolean>>;

/** A program, and the parameters that it runs with besides the knob. */
export interface Program {
  readonly text: string;
  readonly params?: Values;
}

export interface Matters extends Program {
  /** What is counted, in words. */
  readonly number: string;
  readonly of: (run: EventRun) => number;
  /** Value of the knob, and the number that it gives. */
  readonly gives: readonly (readonly [value: number | string | boolean, number: number])[];
  /** Why these are the numbers. */
  readonly because: string;
}

export interface DoesNotMatter extends Program {
  /** Values of the knob that give the same events and figures. */
  readonly values: readonly (number | string | boolean)[];
  readonly because: string;
}

export interface KnobPair {
  readonly knob: string;
  /** null: nowhere in this model, which the knob's declaration says too. */
  readonly matters: Matters | null;
  readonly not: DoesNotMatter;
  /** Why a change at the first fault batch does not give the number of the new value, where it does not. */
  readonly early?: string;
}
