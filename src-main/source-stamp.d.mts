export const STAMP_FILE: string;
/** One line per source file below `root`: name, bytes, modification and change time in milliseconds, tab-separated. */
export function listSources(root: string, inputs: readonly string[]): string;
export function namesIn(listing: string): string[];
/** The stamp of the last finished build; empty texts without one. */
export function readStamp(out: string): Stamp;
export function stampText(stamp: Stamp): string;
interface Stamp {
  readonly hash: string;
  readonly listing: string;
}
