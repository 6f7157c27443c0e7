import type { ReportBlock, ReportInput } from '../model/report';

export type ChartBlock = Extract<ReportBlock, { kind: 'chart' }>;

export interface ExportRequest {
  readonly input: ReportInput;
  /** What the sections built, in order; each section begins with its heading. */
  readonly blocks: readonly ReportBlock[];
  /** A chart as one self-contained `<svg>` element; called only by formats that draw. */
  readonly drawChart: (block: ChartBlock) => string;
}

/** One output format of a report. Same request, same text: no date and nothing of the machine it runs on goes in. */
export interface Exporter {
  readonly id: 'html' | 'json' | 'csv';
  readonly title: string;
  /** File extension without the dot. */
  readonly extension: string;
  readonly mediaType: string;
  write(request: ExportRequest): string;
}
