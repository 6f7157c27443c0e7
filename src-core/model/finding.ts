/** Damage, loss or doubt in an input or a run: counted and shown, never only logged. */
export interface Finding {
  /** Stable kebab-case id of the kind, such as `csv-bad-row`. */
  readonly kind: string;
  readonly severity: 'error' | 'warning' | 'note';
  /** What was seen, what was expected, what to do; one or two sentences. */
  readonly message: string;
  /** How often it happened; the message and the place are those of the first. */
  readonly count: number;
  readonly place?: {
    readonly file?: string;
    /** 1-based. */
    readonly line?: number;
    /** 1-based. */
    readonly column?: number;
    /** Path inside the document, such as `phases[1].steps[0].on`. */
    readonly path?: string;
    /** Byte offset in the decompressed input. */
    readonly offset?: number;
  };
}
