/** Builds the text of small programs on objects of bytes, and reads numbers out of their runs. */
import type { SystemNumbers, SystemReport } from '../../src-core/model/memory-system';
import { METRIC_COUNT, metricIndex, type Metric } from '../../src-core/model/events';
import type { EventRun } from './event-run';

export interface FileOptions {
  readonly system?: string;
  readonly machine?: string;
  readonly deviceMemory?: string;
  readonly granularity?: string;
  /** Name → size, and what else its line says; elements are bytes. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Where the objects are at the beginning. */
  readonly initially?: 'host' | 'unpopulated';
}

/** A program of some steps on objects of bytes, which lie on the host when it begins. */
export const file = (steps: readonly string[], options: FileOptions = {}): string => {
  const { machine = 'pcie4-16g', deviceMemory = '64MiB', objects = { a: '2MiB' }, initially = 'host' } = options;
  const { system = 'nvidia-uvm', granularity = '64KiB' } = options;
  const lines = Object.entries(objects).map(
    ([name, size]) => `  ${name}: { size: ${size}, element: i8, layout: array, initially: ${initially} }`,
  );
  return `faultline: 1
name: knob
machine: ${machine}
deviceMemory: ${deviceMemory}
granularity: ${granularity}
system: ${system}
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
export const times = (count: number, text: string): string[] => Array.from({ length: count }, () => text);

export const summaryOf = ({ run }: EventRun): SystemReport => run.memory.systemReport()!;
/** What the system alone counts. */
export const figure =
  (id: string) =>
  (made: EventRun): number => {
    const found = summaryOf(made).figures!.find((each) => each.id === id);
    if (!found) throw new Error(`there is no figure "${id}"`);
    return found.value!;
  };
/** What every system counts. */
export const numberOf =
  (name: keyof SystemNumbers) =>
  (made: EventRun): number =>
    summaryOf(made).numbers[name] as number;
/** A metric of the run, over all objects. */
export const total =
  (metric: Metric) =>
  ({ run }: EventRun): number => {
    const { counters } = run.memory.ledger;
    let sum = 0;
    for (let at = metricIndex(metric); at < counters.length; at += METRIC_COUNT) sum += counters[at]!;
    return sum;
  };
/** How often an access or a call ended otherwise than the program meant. */
export const outcomes = (made: EventRun): number => summaryOf(made).outcomes.length;
