import { Refusal } from '../../../src-core/model/refusal';
import { listExamples } from '../../host/examples';
import { withEngine } from '../engine';
import { EXIT } from '../exit';
import {
  findPrinter,
  needsPrinter,
  parseFormat,
  reportFile,
  writeReports,
  type ReportFileFormat,
} from '../report-files';
import { addRunFlags, repeatable, runOptionsOf, targetOf, type RunFlags } from '../run-flags';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

interface Flags extends RunFlags, CommonFlags {
  readonly output?: readonly string[];
  readonly format?: ReportFileFormat;
  readonly only?: readonly string[];
}

/** `faultline report INPUT -o OUT`: from a recording as it is; a workload or an earlier HTML report is run first. */
export const report: CommandEntry = (program, cli) => {
  const command = program
    .command('report')
    .description(
      'write a report of a recording, or run a workload or an earlier HTML report again and report on the new run',
    )
    .argument('<input>', 'recording, workload, trace, id of an example, or HTML report of Faultline');
  repeatable(command, '-o, --output <file>', 'output file: .html, .json, .csv or .pdf', (path) => path);
  command.option('--format <format>', 'html, json, csv or pdf; overrides the ending of the file name', parseFormat);
  repeatable(command, '--only <section>', 'include only this section', (id) => id);
  addCommonFlags(addRunFlags(command)).action(
    cli.run(async (input: string, flags: Flags) => {
      if (flags.output === undefined)
        throw new Refusal('no output file is given; use -o OUT.html (or .json, .csv, .pdf)');
      const files = flags.output.map((path) => reportFile(path, flags.format));
      const target = targetOf(input, listExamples(cli.installation.examples));
      const printer = needsPrinter(files) ? await findPrinter(cli.installation) : null;
      return withEngine(cli.installation, flags.progress === true, async (engine) => {
        const info = await engine.request('session.open', { target, options: runOptionsOf(flags) });
        if (info.kind !== 'recording') await engine.runToEnd();
        await writeReports(engine, files, printer, flags.only);
        cli.print(
          flags.json ? JSON.stringify({ files }, null, 2) : files.map(({ path }) => `wrote ${path}`).join('\n'),
        );
        return EXIT.ok;
      });
    }),
  );
};
