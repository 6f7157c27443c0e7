/** What a check of decisions against vectors finds. */

/** One value that is not as the driver had it. */
export interface Difference {
  /** Id of the case, or its position. */
  readonly caseId: string;
  /** Step of a scenario, from 0; null where a case is one decision. */
  readonly step: number | null;
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

export interface CaseOutcome {
  readonly caseId: string;
  /** Values compared. */
  readonly compared: number;
  readonly differences: readonly Difference[];
}

/** Collects the comparisons of one case. */
export class Comparison {
  private compared = 0;
  private readonly differences: Difference[] = [];
  private step: number | null = null;

  constructor(private readonly caseId: string) {}

  /** The comparisons that follow belong to this step. */
  atStep(step: number): void {
    this.step = step;
  }

  /** Compares what is shown of two values. */
  same(field: string, expected: string | number | boolean | null, got: string | number | boolean | null): void {
    this.compared++;
    if (expected === got) return;
    this.differences.push({
      caseId: this.caseId,
      step: this.step,
      field,
      expected: String(expected),
      got: String(got),
    });
  }

  outcome(): CaseOutcome {
    return { caseId: this.caseId, compared: this.compared, differences: this.differences };
  }
}
