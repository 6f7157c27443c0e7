import type { ReportSection } from '../../contracts/report';
import { boundBlocks } from '../bound-blocks';

/** How far the run is from what could not be avoided. */
export const boundsSection: ReportSection = {
  id: 'bounds',
  title: 'Bounds',
  build: ({ bounds, summary, timeline }) => (bounds ? boundBlocks(bounds, summary.complete, timeline) : []),
};
