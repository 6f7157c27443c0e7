/** A pair of scenarios for one knob: where it has to matter, and where it must not. */
import type { SystemSummary } from '../../../../../src-core/model/memory-system';
import type { EventRun } from '../../../../support/event-run';

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
}

export interface FileOptions {
  readonly machine?: string;
  readonly deviceMemory?: string;
  /** Name → size; elements are bytes. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Where the objects are at the beginning. */
  readonly initially?: 'host' | 'unpopulated';
}

/** A program of some steps on objects of bytes, which lie on the host when it begins. */
export const file = (steps: readonly string[], options: FileOptions = {}): string => {
  const { machine = 'pcie4-16g', deviceMemory = '64MiB', objects = { a: '2MiB' }, initially = 'host' } = options;
  const lines = Object.entries(objects).map(
    ([name, size]) => `  ${name}: { size: ${size}, element: i8, layout: array, initially: ${initially} }`,
  );
  return `faultline: 1
name: knob
machine: ${machine}
deviceMemory: ${deviceMemory}
system: nvidia-uvm
objects:
${lines.join('\n')}
phases:
  - name: run
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
};

/** A kernel or host function of some loops. */
export const step = (on: string, ...loops: readonly string[]): string =>
  `{ on: ${on}, do: [${loops.map((loop) => `{ ${loop} }`).join(', ')}] }`;
/** One byte of an object. */
export const byte = (verb: string, at = 0, object = 'a'): string => `${verb}: ${object}, bytes: [${at}, ${at + 1}]`;
/** One byte of every 4 KiB page. */
export const everyPage = (verb: string, object = 'a'): string => `${verb}: ${object}, pattern: strided, stride: 4096`;
export const call = (text: string): string => `{ os: { ${text} } }`;

/** GPU and CPU write the same byte in turn, the GPU first. */
export const duel = (turns: number, at = 0): string[] =>
  Array.from({ length: turns }, (_, turn) => step(turn % 2 === 0 ? 'gpu0' : 'cpu', byte('write', at)));

export const summaryOf = ({ run }: EventRun): SystemSummary => run.memory.systemSummary()!;
export const figure =
  (id: string) =>
  (made: EventRun): number => {
    const found = summaryOf(made).figures!.find((each) => each.id === id);
    if (!found) throw new Error(`there is no figure "${id}"`);
    return found.value!;
  };
