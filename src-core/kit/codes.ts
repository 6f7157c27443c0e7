/** The codes under which memory systems record what they do: reasons of events, and counters of the ledger. */
import { METRICS, REASONS, type Metric, type Reason } from '../model/events';

/** Position of a counter in rows of the ledger. */
export const METRIC = Object.fromEntries(METRICS.map((id, index) => [id, index])) as Readonly<Record<Metric, number>>;

/** `first-touch` → `firstTouch`. */
type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
const camel = (id: string): string => id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Stored code of a reason. */
export const REASON = Object.fromEntries(REASONS.map((id, code) => [camel(id), code])) as Readonly<
  Record<Camel<Reason>, number>
>;
