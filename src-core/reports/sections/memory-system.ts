import type { ReportSection } from '../../contracts/report';
import { systemBlocks } from '../system-blocks';

/** The memory system of the run; nothing under R0. */
export const memorySystem: ReportSection = {
  id: 'memory-system',
  title: 'Memory system',
  build: ({ summary }) => systemBlocks(summary),
};
