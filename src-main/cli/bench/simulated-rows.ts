/** How many seconds of the simulated machine pass in a CPU second, by workload and memory system. */
import type { RunStatus } from '../../../src-core/protocol/answers';
import { textTable } from '../table';
import { numberText, simulatedRatio } from './figures';
import type { BenchContext, BenchSection, Figures } from './row';
import { runHere } from './run-here';
import { SYSTEMS, systemOptions, type TableSystem } from './system-rows';

/** Examples by the name that the table gives them. */
const WORKLOADS: Readonly<Record<string, string>> = {
  S1: 's1-jacobi-residual',
  S3: 's3-linked-list',
  S4: 's4-oversubscribed-stencil',
  S5: 's5-embedding-zipf',
  S8: 's8-read-mostly',
  S9: 's9-first-touch-triad',
  S10: 's10-dgemm-on-malloc',
  'thread 1': 'thread-2015/01-dgemm-on-malloc',
  'thread 2': 'thread-2015/02-list-tree-graph',
  'thread 11': 'thread-2015/11-larger-than-device',
};
const systems = Object.keys(SYSTEMS) as TableSystem[];
const idOf = (workload: string, system: TableSystem): string => `${workload.replace(' ', '')}-${system}`;

/**
 * How far a run has come, ps. Where it is cut within a kernel, the device's clock still stands where the kernel last waited,
 * while the driver has served faults for longer: then the last event says how far the run is.
 */
const reached = ({ axis, extentTo, simTimePs }: RunStatus): number => (axis === 'time' ? extentTo : simTimePs);

async function measure(example: string, system: TableSystem, context: BenchContext): Promise<Figures> {
  const target = { kind: 'example', id: example } as const;
  const run = await runHere(context, target, systemOptions(system), { cpuSeconds: context.limitSeconds });
  const reachedPs = reached(run.status);
  return {
    simulatedSeconds: reachedPs / 1e12,
    cpuSeconds: run.seconds.process,
    ratio: simulatedRatio(reachedPs, run.seconds),
    isCut: run.isCut,
    progress: run.status.progress,
    events: run.status.events,
  };
}

/** A cell: the ratio; with an asterisk where the run was cut, so that it holds for what it had done by then. */
export function cellText(row: Figures | undefined): string {
  if (row === undefined) return '';
  return `${numberText(row['ratio'] as number)}${row['isCut'] ? '*' : ''}`;
}

export const simulatedSection: BenchSection = {
  id: 'simulated',
  title: `Simulated seconds per CPU second of all threads, recorded (${systems.map((id) => `${id} on ${SYSTEMS[id]}`).join(', ')}); * cut at the time limit (--limit), the ratio up to there`,
  rows: Object.entries(WORKLOADS).flatMap(([workload, example]) =>
    systems.map((system) => ({
      id: idOf(workload, system),
      what: `${example} under ${system}`,
      measure: (context) => measure(example, system, context),
    })),
  ),
  table: (figures) =>
    textTable(
      ['', ...systems],
      Object.keys(WORKLOADS).map((workload) => [
        workload,
        ...systems.map((system) => cellText(figures.get(idOf(workload, system)))),
      ]),
    ),
};
