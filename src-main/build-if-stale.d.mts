export const projectRoot: string;
/** Brings `out/` up to date. Progress goes to stderr; a failed build throws with the whole output of the builder. */
export function buildIfStale(options?: { readonly force?: boolean }): Promise<void>;
