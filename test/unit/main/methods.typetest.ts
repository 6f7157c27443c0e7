/** Types that follow from the table of methods: each line that must not compile says so. */
import type { Params, ResultOf } from '../../../src-core/protocol/methods';
import type { RunOptions } from '../../../src-core/protocol/parameters';

export const run: Params<'session.control'> = { action: 'run' };
// @ts-expect-error no such action
export const jump: Params<'session.control'> = { action: 'jump' };
// @ts-expect-error a parameter is missing
export const question: Params<'session.timeline'> = { from: 0, to: 1 };
// @ts-expect-error an option that is there has a value
export const machine: RunOptions = { machine: undefined };
// @ts-expect-error no such method
export type Nothing = Params<'session.nothing'>;

export const bytesOf = (saved: ResultOf<'session.saveRecording'>): number => saved.bytes;
// @ts-expect-error the result has no such field
export const textOf = (saved: ResultOf<'session.saveRecording'>): unknown => saved.text;
export function keep(options: RunOptions): void {
  // @ts-expect-error nobody who gets parameters changes them
  options.seed = 1;
}
