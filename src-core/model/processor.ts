import type { Branded } from '../base/units';

/** Index of a processor in a run: 0 is the CPU, 1 is gpu0, 2 is gpu1 … */
export type ProcessorIndex = Branded<'processor-index'>;
export const asProcessor = (value: number): ProcessorIndex => value as ProcessorIndex;
export const CPU = asProcessor(0);
export const GPU0 = asProcessor(1);
/** No processor: memory without a holder, or an event without a processor. Recordings store it as STORED_NO_PROCESSOR. */
export const NO_PROCESSOR = asProcessor(-1);
/** The owner of a granule is kept in three bits (0 = not populated), so a run has one CPU and at most six GPUs. */
export const MAX_PROCESSORS = 7;

export const processorName = (index: ProcessorIndex): string => (index === CPU ? 'cpu' : `gpu${index - 1}`);

/** `cpu` → 0, `gpu0` (or `gpu`) → 1, `gpu5` → 6; anything else is undefined. */
export function processorIndex(name: string): ProcessorIndex | undefined {
  if (name === 'cpu') return CPU;
  if (name === 'gpu') return GPU0;
  const match = /^gpu([0-9])$/.exec(name);
  const index = match ? Number(match[1]) + 1 : MAX_PROCESSORS;
  return index < MAX_PROCESSORS ? asProcessor(index) : undefined;
}

/** Kind of access, as stored in columns. */
export const READ = 0;
export const WRITE = 1;
/** One access that reads and then writes the same bytes. */
export const READ_WRITE = 2;
export const ATOMIC = 3;
export type AccessOp = 0 | 1 | 2 | 3;
