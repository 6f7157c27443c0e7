/** How a fresh engine takes over from one that has made a run. */
import type { MadeComparison } from './compare';

/**
 * Called in place of an answer to `session.open`: the request is to be sent to a fresh engine, because code that was compiled for
 * one memory system runs another more slowly. This one keeps its run until it is closed.
 */
export type RetireEngine = (requestId: number, kept: KeptState) => void;

/** What a session keeps when a fresh engine takes over. Plain data. */
export interface KeptState {
  readonly speed: number | null;
  readonly comparison: MadeComparison | null;
}

/** What opening throws where the engine has run something else before, and another is to take over. */
export class NeedsFreshEngine extends Error {}
