/** A row of the bench: measured in a process of its own, shown in the table of its section. */
import type { Installation } from '../../host/installation';

/** Named numbers of one row, as they are printed with --json; null: not known here. */
export type Figures = Readonly<Record<string, number | string | boolean | null>>;

export interface BenchContext {
  readonly installation: Installation;
  /** Runs of which the median is taken. */
  readonly runs: number;
  /** CPU seconds after which a run under a memory system is cut; its figures then say how far it came. */
  readonly limitSeconds: number;
  /** A folder that is removed when the row ends. */
  readonly folder: string;
}

export interface BenchRow {
  readonly id: string;
  readonly what: string;
  /** Takes minutes: measured only where it is named or --long is given. */
  readonly isLong?: boolean;
  readonly measure: (context: BenchContext) => Promise<Figures>;
}

/** What became of a row: its figures, or why it has none. */
export type Outcome = { readonly figures: Figures } | { readonly failure: string };

export interface BenchSection {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly BenchRow[];
  /** The table of those rows that were measured. */
  readonly table: (figures: ReadonlyMap<string, Figures>) => string;
}
