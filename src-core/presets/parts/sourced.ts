import { picoseconds, PS_PER_NS, PS_PER_US, type Picoseconds } from '../../base/units';
import type { Sourced } from '../../model/machine';

type Grade = Sourced<unknown>['grade'];

export const GB_PER_S = 1_000_000_000;

export const from = <T>(value: T, source: string, grade: Grade): Sourced<T> => ({ value, source, grade });

/** A duration in microseconds, exact to the picosecond. */
export const us = (value: number): Picoseconds => picoseconds(Math.round(value * PS_PER_US));
/** A duration in nanoseconds, exact to the picosecond. */
export const ns = (value: number): Picoseconds => picoseconds(Math.round(value * PS_PER_NS));

/** A constant of one machine used for another: an assumption there, whatever it was here. */
export const carried = <T>(constant: Sourced<T>, why: string): Sourced<T> => ({
  value: constant.value,
  source: `Assumption: ${why}. There: ${constant.source}`,
  grade: 'assumed',
});

/** Each constant of a part, used for another machine. */
export function carriedAll<T extends object>(part: T, why: string): T {
  const all = Object.entries(part) as [string, Sourced<unknown>][];
  return Object.fromEntries(all.map(([name, constant]) => [name, carried(constant, why)])) as T;
}
