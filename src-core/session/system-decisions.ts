/** What a driver decides, found in the one place where it is registered: runs, benchmarks and the oracle all ask here. */
import type { NvidiaDecisions } from '../contracts/nvidia-uvm';
import { memorySystems } from '../systems';

/** The decisions of a memory system; undefined where it is not built on a driver that has them. */
export const decisionsOf = (system: string | undefined): NvidiaDecisions | undefined =>
  memorySystems.find(({ id }) => id === system)?.decisions;
