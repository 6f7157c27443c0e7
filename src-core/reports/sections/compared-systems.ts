import type { ReportSection } from '../../contracts/report';
import { comparisonBlocks } from '../system-blocks';

/** The comparison of memory systems that was made of the same input. */
export const comparedSystems: ReportSection = {
  id: 'compared-systems',
  title: 'Memory systems compared',
  build: ({ comparison }) => (comparison ? comparisonBlocks(comparison) : []),
};
