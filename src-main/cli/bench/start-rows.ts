/** What a call of the command line costs before it does anything: CPU time of the whole process. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textTable } from '../table';
import { childSeconds } from './clock';
import { median, numberText } from './figures';
import type { BenchContext, BenchRow, BenchSection, Figures } from './row';

/** Calls of which the median is taken; a single one is known to 10 ms only. */
const CALLS = 9;
const TINY = `faultline: 1
name: tiny
machine: r0
objects:
  a: { size: 64KiB, element: 64B }
phases:
  - { name: p, steps: [{ on: gpu0, do: [{ read: a }] }] }
`;

/** The `faultline` of a checkout, which also looks whether the build is fresh; the built one elsewhere. */
function programOf({ installation }: BenchContext): string {
  const wrapper = join(installation.root, 'src-main/cli/faultline.mjs');
  return existsSync(wrapper) ? wrapper : join(installation.root, 'out/main/cli.cjs');
}

function measure(args: readonly string[]): Figures {
  const seconds = [];
  for (let i = 0; i < CALLS; i++) {
    const before = childSeconds();
    const ended = spawnSync(process.execPath, args, { stdio: 'ignore' });
    if (ended.status !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(ended.status)}`);
    seconds.push(childSeconds() - before);
  }
  return { seconds: median(seconds) };
}

const row = (id: string, what: string, mark: number | null, args: (context: BenchContext) => string[]): BenchRow => ({
  id,
  what,
  measure: (context) => Promise.resolve({ ...measure(args(context)), mark }),
});

export const startSection: BenchSection = {
  id: 'start',
  title: 'Process start: CPU seconds of the whole process, median of 9 calls',
  rows: [
    row('start-node', 'node alone', null, () => ['-e', '0']),
    row('start-version', 'faultline --version', 0.2, (context) => [programOf(context), '--version']),
    row('start-describe', 'faultline describe', 0.4, (context) => [programOf(context), 'describe']),
    row('start-run', 'faultline run of a tiny file', 0.6, (context) => {
      const file = join(context.folder, 'tiny.yaml');
      writeFileSync(file, TINY);
      return [programOf(context), 'run', file];
    }),
  ],
  table: (figures) =>
    textTable(
      ['call', 'CPU s', 'mark'],
      [...figures].map(([id, { seconds, mark }]) => [
        id,
        numberText(seconds as number),
        numberText(mark as number | null),
      ]),
    ),
};
