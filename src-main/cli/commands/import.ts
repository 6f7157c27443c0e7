import { formatBytes } from '../../../src-core/base/units';
import type { RunInfo } from '../../../src-core/protocol/answers';
import { listExamples } from '../../host/examples';
import { withEngine } from '../engine';
import { EXIT, findingText } from '../exit';
import { addImportFlags, runOptionsOf, targetOf, type RunFlags } from '../run-flags';
import { textTable } from '../table';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

const hex = (address: number): string => `0x${address.toString(16)}`;

function importText(info: RunInfo): string {
  const rows = info.objects.map(({ name, bytes, address }) => [
    name,
    formatBytes(bytes),
    hex(address),
    hex(address + bytes),
  ]);
  return [
    `${info.title} (${info.kind})`,
    ...(info.about === '' ? [] : [info.about]),
    '',
    rows.length === 0 ? 'no objects' : textTable(['object', 'size', 'from', 'to'], rows),
    '',
    `phases: ${info.phases.length === 0 ? 'none' : info.phases.join(', ')}`,
    ...(info.findings.length === 0
      ? ['no findings']
      : ['', 'Findings', ...info.findings.map((finding) => `  ${findingText(finding)}`)]),
  ].join('\n');
}

/** `faultline import FILE`: what a file is and what it holds, without running it. */
export const importFile: CommandEntry = (program, cli) => {
  const command = program
    .command('import')
    .description('read a trace or a workload and list its objects and findings without running it')
    .argument('<file>', 'trace, workload, or id of an example');
  addCommonFlags(addImportFlags(command)).action(
    cli.run(async (file: string, flags: Omit<RunFlags, 'usefulBytes'> & CommonFlags) => {
      const target = targetOf(file, listExamples(cli.installation.examples));
      return withEngine(cli.installation, flags.progress === true, async (engine) => {
        const info = await engine.request('session.open', {
          target,
          options: runOptionsOf({ ...flags, usefulBytes: true }),
        });
        const { workloadText: _text, ...data } = info;
        cli.print(flags.json ? JSON.stringify(data, null, 2) : importText(info));
        return EXIT.ok;
      });
    }),
  );
};
