/** The reference page of the machines that ship, from their presets: docs/machines.md. */
import type { MachineSpec } from '../../src-core/model/machine';
import { machines } from '../../src-core/presets';
import { machineConstants } from '../../src-core/reports/machine-constants';

const GRADES: readonly (readonly [string, string])[] = [
  ['specification', 'the maker, a standard or the documentation says so'],
  ['measured', 'measured on this machine, or on one with the same part; the source says which'],
  ['published', 'a paper or a program in use states it'],
  ['derived', 'computed from figures that are given with it'],
  ['assumed', 'not measured here: a figure of another machine, or a plausible one'],
  ['definition', 'true by definition of the machine'],
];

const cell = (text: string): string => text.replaceAll('|', '\\|');

function section(machine: MachineSpec): string {
  const constants = machineConstants(machine);
  const assumed = constants.filter(({ grade }) => grade === 'assumed').length;
  return [
    `## ${machine.id}`,
    '',
    `${machine.title}. ${machine.summary} ${constants.length} constants, ${assumed} of them assumed.`,
    '',
    '| constant | value | grade | source |',
    '| --- | --- | --- | --- |',
    ...constants.map(
      ({ name, value, grade, source }) => `| ${cell(name)} | ${cell(value)} | ${grade} | ${cell(source)} |`,
    ),
    '',
  ].join('\n');
}

export function machinesPage(): string {
  return [
    '<!-- Written by `npm run fix` from src-core/presets. Change a preset, not this page. -->',
    '',
    '# Machines',
    '',
    'Every constant of every machine that ships, with where it comes from and how well it is known. Choose one with',
    '`--machine ID` or in the window; write one of your own as a machine file (`docs/report-formats.md`). One set of',
    'constants per machine; published results are compared with runs, never read by them.',
    '',
    '| grade | means |',
    '| --- | --- |',
    ...GRADES.map(([grade, means]) => `| ${grade} | ${means} |`),
    '',
    '| machine | title | constants | assumed |',
    '| --- | --- | --- | --- |',
    ...machines.map((machine) => {
      const constants = machineConstants(machine);
      const assumed = constants.filter(({ grade }) => grade === 'assumed').length;
      return `| [\`${machine.id}\`](#${machine.id}) | ${cell(machine.title)} | ${constants.length} | ${assumed} |`;
    }),
    '',
    ...machines.map(section),
  ].join('\n');
}
