import type { ReportSection } from '../../contracts/report';
import { boundsSection } from './bounds';
import { comparedSystems } from './compared-systems';
import { completeness } from './completeness';
import { findings } from './findings';
import { machine } from './machine';
import { memorySystem } from './memory-system';
import { objects } from './objects';
import { policies } from './policies';
import { repeat } from './repeat';
import { runFacts } from './run-facts';
import { timelines } from './timelines';
import { totals } from './totals';
import { verdict } from './verdict';

/** Every section; the order is the order in the report: the answer first, the small print last. */
export const sections: readonly ReportSection[] = [
  verdict,
  objects,
  timelines,
  totals,
  boundsSection,
  memorySystem,
  comparedSystems,
  policies,
  findings,
  runFacts,
  machine,
  completeness,
  repeat,
];
