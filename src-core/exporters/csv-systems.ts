/** What only memory systems on the Linux model can tell, as columns of the CSV table. */
import type { RequirementRow, SystemNumbers, SystemSummary } from '../model/memory-system';

export type Cell = string | number | null;

const NUMBERS: readonly (readonly [string, (numbers: SystemNumbers) => number | null])[] = [
  ['accessesPerSecond [1/s]', (n) => n.accessesPerSecond],
  ['workItems [count]', (n) => n.workItems?.count ?? null],
  ['workItems.p50 [ps]', (n) => n.workItems?.p50Ps ?? null],
  ['workItems.p99 [ps]', (n) => n.workItems?.p99Ps ?? null],
  ['workItems.max [ps]', (n) => n.workItems?.maxPs ?? null],
  ['barriers [count]', (n) => n.barriers?.count ?? null],
  ['barriers.p50 [ps]', (n) => n.barriers?.p50Ps ?? null],
  ['barriers.p99 [ps]', (n) => n.barriers?.p99Ps ?? null],
  ['barriers.max [ps]', (n) => n.barriers?.maxPs ?? null],
  ['deviceBusy [share]', (n) => n.deviceBusy],
  ['pagesToDevice [count]', (n) => n.pagesToDevice],
  ['pagesToHost [count]', (n) => n.pagesToHost],
  ['bounces [count]', (n) => n.bounces],
  ['bouncesOfWorstPage [count]', (n) => n.bouncesOfWorstPage],
  ['duplicationFactor [ratio]', (n) => n.duplicationFactor],
  ['relocatedPointers [count]', (n) => n.relocatedPointers],
  ['apiCalls [count]', (n) => n.apiCalls],
  ['staleReads [count]', (n) => n.staleReads],
  ['evacuation [ps]', (n) => n.evacuationPs],
  ['evacuationResidue [B]', (n) => n.evacuationResidueBytes],
  ['pinnedPeak [B]', (n) => n.pinnedBytesPeak],
  ['untouchedDevice [B]', (n) => n.untouchedDeviceBytes],
  ['contentMismatches [count]', (n) => n.contentMismatches],
  ['strayKernel [B]', (n) => n.strayKernelBytes],
  ['peakDevice [B]', (n) => n.peakDeviceBytes],
  ['peakHost [B]', (n) => n.peakHostBytes],
  ['swapOuts [count]', (n) => n.swapOuts],
  ['swapIns [count]', (n) => n.swapIns],
  ['hintFaults [count]', (n) => n.hintFaults],
  ['cowBreaks [count]', (n) => n.cowBreaks],
  ['notifierEvents [count]', (n) => n.notifierEvents],
];
const REQUIREMENTS: readonly RequirementRow['id'][] = ['1', '1a', '1b', '2', '3', '4', '5', '6', '6a', '6b', '6c'];

export const SYSTEM_COLUMNS: readonly string[] = [
  ...NUMBERS.map(([title]) => title),
  'outcomes [count]',
  ...REQUIREMENTS.map((id) => `requirement ${id}`),
];

/** Empty cells where there is no such system; a requirement is `pass`, `fail`, or empty where it was not tested. */
export function systemCells(system: SystemSummary | null): readonly Cell[] {
  if (!system) return SYSTEM_COLUMNS.map(() => null);
  return [
    ...NUMBERS.map(([, read]) => read(system.numbers)),
    system.outcomes.reduce((sum, { count }) => sum + count, 0),
    ...REQUIREMENTS.map((id) => {
      const holds = system.requirements.find((row) => row.id === id)?.holds ?? null;
      return holds === null ? null : holds ? 'pass' : 'fail';
    }),
  ];
}
