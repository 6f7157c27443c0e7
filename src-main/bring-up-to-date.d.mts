/** Calls `build` unless the last build was made from these contents; safe when several processes do so at once. */
export function bringUpToDate(options: {
  readonly root: string;
  readonly out: string;
  readonly inputs: readonly string[];
  readonly force?: boolean;
  build(): Promise<void>;
}): Promise<void>;
