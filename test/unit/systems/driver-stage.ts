/** Short runs on the drivers of AMD and Intel: a workload of one phase, with three objects of 4 MiB. */
import type { MachineSpec } from '../../../src-core/model/machine';
import { runSystem, type SystemRun } from './run-system';

export interface StageOptions {
  readonly params?: Readonly<Record<string, number | string | boolean>>;
  /** Device memory. */
  readonly memory?: string;
  /** Further objects, one a line. */
  readonly objects?: readonly string[];
  readonly machine?: MachineSpec;
  /** Of a, b and c. */
  readonly sizes?: string;
}

export const runAmd = (steps: readonly string[], options: StageOptions = {}): Promise<SystemRun> =>
  runDriver('amd-svm', steps, options);
export const runXe = (steps: readonly string[], options: StageOptions = {}): Promise<SystemRun> =>
  runDriver('xe-svm', steps, options);

export function runDriver(
  system: string,
  steps: readonly string[],
  { params = {}, memory = '64MiB', objects = [], machine, sizes = '4MiB' }: StageOptions,
): Promise<SystemRun> {
  const text = `
faultline: 1
name: driver
deviceMemory: ${memory}
objects:
  a: { size: ${sizes}, element: 64B }
  b: { size: ${sizes}, element: 64B }
  c: { size: ${sizes}, element: 64B }
${objects.map((object) => `  ${object}`).join('\n')}
phases:
  - name: work
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
  return runSystem(text, system, { contents: true, ...params }, {}, machine);
}

/** Outcomes of a run: who, what, how it ended. */
export const answers = ({ summary }: SystemRun): readonly string[] =>
  summary.outcomes.map(({ what, result }) => `${what}: ${result}`);
/** Objects of the evictions of a run, in order. */
export const evicted = ({ run: { events } }: SystemRun): readonly number[] =>
  events.filter(({ name }) => name === 'eviction').map(({ object }) => object!);
/** What the driver counted, by name. */
export const counted = ({ summary }: SystemRun): Readonly<Record<string, number>> =>
  Object.fromEntries((summary.figures ?? []).map(({ id, value }) => [id, value ?? 0]));

/** The CPU writes all of it. */
export const FILL = '{ on: cpu, do: [{ write: a }, { write: b }, { write: c }] }';
/** A device reads one element. */
export const TOUCH = '{ on: gpu0, do: [{ read: a, elements: [0, 1] }] }';
