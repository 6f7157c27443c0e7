/** Rule set R0 in an app that has run something else before: is the engine's code as fast as in a fresh one? */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { referenceCases, uvmCases } from '../../../src-core/session/bench';
import { textTable } from '../table';
import { withEngine } from '../engine';
import { secondsNow } from './clock';
import { median, numberText, ratioOf } from './figures';
import type { BenchContext, BenchSection, Figures } from './row';

const FRESH = 'r0-fresh';
const AFTER = 'r0-after-uvm';
const FIRST = 'uvm-over150';
const THEN = 'over150';

/** Median CPU seconds of a run of R0 in one session, opened after `first`. */
async function measure(context: BenchContext, first: string | null): Promise<Figures> {
  const pathOf = (id: string): string => {
    const path = join(context.folder, `${id}.yaml`);
    writeFileSync(path, [...referenceCases, ...uvmCases].find((each) => each.id === id)?.text ?? '');
    return path;
  };
  return withEngine(context.installation, false, async (engine) => {
    const run = async (id: string): Promise<number> => {
      const target = { kind: 'path', path: pathOf(id) } as const;
      await engine.request('session.open', { target, options: { spool: false, usefulBytes: false } });
      const began = secondsNow().process;
      await engine.runToEnd();
      return secondsNow().process - began;
    };
    if (first !== null) await run(first);
    const seconds = [];
    for (let i = 0; i < context.runs; i++) seconds.push(await run(THEN));
    return { seconds: median(seconds) };
  });
}

export const afterSection: BenchSection = {
  id: 'after',
  title: `R0 (${THEN}) in one session: CPU seconds alone and after ${FIRST}`,
  rows: [
    { id: FRESH, what: `${THEN} in a fresh session`, measure: (context) => measure(context, null) },
    { id: AFTER, what: `${THEN} after ${FIRST} in the same session`, measure: (context) => measure(context, FIRST) },
  ],
  table: (figures) => {
    const fresh = figures.get(FRESH)?.['seconds'] as number | undefined;
    const after = figures.get(AFTER)?.['seconds'] as number | undefined;
    const ratio = after === undefined ? null : ratioOf(after, fresh);
    return textTable(['fresh, s', 'after UVM, s', 'after ÷ fresh'], [[fresh, after, ratio].map(numberText)]);
  },
};
