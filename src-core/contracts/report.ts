import type { ReportBlock, ReportInput } from '../model/report';

/** One section of a report: pure data in, blocks out; layout only, no computing beyond what the analysis gives. */
export interface ReportSection {
  readonly id: string;
  readonly title: string;
  build(input: ReportInput): readonly ReportBlock[];
}
