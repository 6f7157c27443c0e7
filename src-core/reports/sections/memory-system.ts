import type { ReportSection } from '../../contracts/report';
import { comparisonBlocks, systemBlocks } from '../system-blocks';

/** The memory system of the run, and the comparison that was made of the same workload; nothing under R0 alone. */
export const memorySystem: ReportSection = {
  id: 'memory-system',
  title: 'Memory system',
  build: ({ summary, comparison }) => [...systemBlocks(summary), ...(comparison ? comparisonBlocks(comparison) : [])],
};
