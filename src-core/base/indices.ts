/**
 * Indices that must not be mixed up: each counts something else, and a number that counts another thing does not compile.
 * A brand is made where an index comes into being: arithmetic, a column, a parser.
 */
import type { Branded } from './units';

/** A granule: one unit of residency and migration (4 KiB, 64 KiB or 2 MiB), numbered densely over the space. */
export type Granule = Branded<'granule'>;
export const asGranule = (value: number): Granule => value as Granule;
export const NO_GRANULE = asGranule(-1);
