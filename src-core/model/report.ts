import type { BoundRow } from './bounds';
import type { ComparisonRow } from './comparison';
import type { MachineSpec } from './machine';
import type { SystemChoice } from './memory-system';
import type { RunSummary } from './summary';
import type { TimelineAnswer } from './timeline';

export interface ReportTable {
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right'; readonly help?: string }[];
  readonly rows: readonly (readonly string[])[];
}

/** What a report is made of. Charts are data here; exporters draw them. */
export type ReportBlock =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | {
      readonly kind: 'facts';
      readonly facts: readonly { readonly label: string; readonly value: string; readonly help?: string }[];
    }
  | ({ readonly kind: 'table'; readonly caption: string } & ReportTable)
  | { readonly kind: 'code'; readonly caption: string; readonly text: string }
  | {
      readonly kind: 'chart';
      readonly caption: string;
      readonly shape: 'bars' | 'lines' | 'stacked-area';
      readonly x: {
        readonly title: string;
        readonly unit: 'ps' | 'accesses';
        readonly from: number;
        readonly to: number;
      };
      readonly y: { readonly title: string; readonly unit: 'count' | 'bytes' };
      /** Equal lengths, one value per bin. `mirror` series are drawn downwards. */
      readonly series: readonly {
        readonly name: string;
        readonly colour: string;
        readonly mirror?: boolean;
        readonly values: readonly number[];
      }[];
      readonly marks: readonly { readonly at: number; readonly label: string }[];
    };

export interface ReportInput {
  readonly summary: RunSummary;
  readonly machine: MachineSpec;
  /** The workload file as it was read, or a description of the trace. */
  readonly workloadText: string;
  /** The whole run at report resolution. */
  readonly timeline: TimelineAnswer;
  /** Absent: the ideal system. */
  readonly system?: SystemChoice;
  /** The same workload under several memory systems, if requested. */
  readonly comparison?: readonly ComparisonRow[];
  /** What the run is measured against, if requested. */
  readonly bounds?: readonly BoundRow[];
  /** The command that repeats this run to the same numbers. */
  readonly command: string;
}
