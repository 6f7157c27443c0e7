/**
 * What a row of docs/validation.md is. A row runs the engine and compares with numbers that somebody else published; it
 * is one file in rows/ and one line in index.ts. Published values stand in the rows alone: no engine and no preset reads
 * them.
 */
import type { SystemWish } from '../../../src-core/protocol/parameters';
import type { RunSummary } from '../../../src-core/model/summary';

/** When a comparison holds. */
export type Rule =
  /** Equal. */
  | { readonly kind: 'exact' }
  /** |ours / published − 1| is at most so much. */
  | { readonly kind: 'within'; readonly share: number }
  /** |ours − target| is at most so much, whatever was published: for ratios of which 1 is expected. */
  | { readonly kind: 'around'; readonly target: number; readonly distance: number }
  /** Nothing is promised: the factor is stated. */
  | { readonly kind: 'stated' };

export const EXACT: Rule = { kind: 'exact' };
export const STATED: Rule = { kind: 'stated' };
export const within = (share: number): Rule => ({ kind: 'within', share });
export const around = (target: number, distance: number): Rule => ({ kind: 'around', target, distance });

/** One number beside its published one. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly published: number;
  readonly ours: number;
  readonly rule: Rule;
}

/** A statement about several runs, such as an order. */
export interface Statement {
  readonly what: string;
  /** What was seen. */
  readonly seen: string;
  readonly holds: boolean;
  /** It is known not to hold: DEVIATIONS.md says why. A test fails once it does hold. */
  readonly isExplained?: boolean;
}

export interface RowResult {
  readonly comparisons: readonly Comparison[];
  readonly statements?: readonly Statement[];
}

/** Runs a workload of examples/validation. Equal wishes are run once. */
export type RunWorkload = (
  file: string,
  wish?: { readonly system?: SystemWish; readonly deviceMemoryBytes?: number },
) => Promise<RunSummary>;

export interface ValidationRow {
  /** As in the list of the issue: V1, V2 … */
  readonly id: string;
  readonly title: string;
  /** Who published the numbers, and how well they are known: LOG, SRC, TXT, FIG or NOTE. */
  readonly source: string;
  /** What was run, and why the numbers are as near or as far as they are. */
  readonly why: string;
  compare(run: RunWorkload): Promise<RowResult>;
}

export function holds({ rule, published, ours }: Comparison): boolean | null {
  switch (rule.kind) {
    case 'exact':
      return ours === published;
    case 'within':
      return Math.abs(ours / published - 1) <= rule.share;
    case 'around':
      return Math.abs(ours - rule.target) <= rule.distance;
    case 'stated':
      return null;
  }
}
