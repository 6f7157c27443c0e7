import type { Knob } from './knob';

/** A parameter of a policy or a memory system as clients see it: enough for a form, a flag and a line of a reference page. */
export interface ParamDescription {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly type: 'integer' | 'boolean' | 'choice';
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly values?: readonly string[];
  readonly initial: number | string | boolean;
  /** What the real driver or kernel calls it. */
  readonly knob?: Knob;
  /** Of a memory system: may change during the run. */
  readonly live?: true;
}
