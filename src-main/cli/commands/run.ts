import { listExamples } from '../../host/examples';
import { Refusal } from '../../../src-core/model/refusal';
import type { SystemWish } from '../../../src-core/protocol/parameters';
import { parseSystemList } from '../../../src-core/session/run-flags';
import { blocksText } from '../blocks-text';
import { type Engine, withEngine } from '../engine';
import { EXIT, type ExitCode } from '../exit';
import { checkFailIf, parseFailIf, type FailCondition } from '../fail-if';
import { findPrinter, needsPrinter, type Printer, reportFile, writeReports, type ReportFile } from '../report-files';
import { accept, addRunFlags, outputPath, repeatable, runOptionsOf, targetOf, type RunFlags } from '../run-flags';
import { summaryText } from '../summary-text';
import { addCommonFlags, type Cli, type CommandEntry, type CommonFlags } from './command';

interface Flags extends RunFlags, CommonFlags {
  readonly systems?: readonly SystemWish[];
  readonly bounds?: boolean;
  readonly record?: string;
  readonly failIf?: readonly FailCondition[];
  readonly report?: readonly ReportFile[];
}

/** `faultline run FILE`: a workload or a trace, from start to end. */
export const run: CommandEntry = (program, cli) => {
  const command = program
    .command('run')
    .description('run a workload file, a trace or an example to its end')
    .argument('<file>', 'workload, trace or id of an example');
  addRunFlags(command);
  command.option(
    '--systems <ids>',
    'run once under each memory system and compare: hmm,coherent,zone,dax,copy,host,off; parameters after colons: hmm:thp=always',
    (text) => accept(parseSystemList(text)),
  );
  command.option('--bounds', 'compute lower bounds for the run (takes several times as long as the run)');
  command.option('--record <file>', 'write the recording to this file');
  repeatable(
    command,
    '--fail-if <condition>',
    "exit with 1 if this condition holds: 'gpuFaults>1000', 'objects.u.bytesToHost>=1GiB'",
    parseFailIf,
  );
  repeatable(command, '--report <file>', 'write a report: .html, .json, .csv or .pdf', (path) => reportFile(path));
  addCommonFlags(command).action(
    cli.run(async (file: string, flags: Flags) => {
      if (flags.systems) checkAlone(flags);
      const target = targetOf(file, listExamples(cli.installation.examples));
      const record = flags.record === undefined ? null : outputPath(flags.record);
      const reports = flags.report ?? [];
      const printer = needsPrinter(reports) ? await findPrinter(cli.installation) : null;
      return withEngine(cli.installation, flags.progress === true, async (engine) => {
        const info = await engine.request('session.open', {
          target,
          options: { ...runOptionsOf(flags), spool: record !== null },
        });
        if (info.kind === 'recording')
          throw new Refusal(
            `${file} is a finished recording and cannot be run again; use \`faultline report ${file} -o OUT.html\``,
          );
        if (flags.systems) return compare(engine, cli, flags.systems, flags, reports, printer);
        const conditions = flags.failIf ?? [];
        const before = await engine.request('session.summary', null);
        for (const condition of conditions) checkFailIf(condition, before); // a misspelt field is reported before the run
        await engine.runToEnd();
        const summary = await engine.request('session.summary', null);
        const failIf = conditions.map((condition) => checkFailIf(condition, summary));
        if (record !== null) await engine.request('session.saveRecording', { path: record });
        const bounds = flags.bounds ? await engine.request('session.bounds', { make: true, report: true }) : null;
        await writeReports(engine, reports, printer);
        if (flags.json)
          cli.print(JSON.stringify({ ...summary, failIf, ...(bounds ? { bounds: bounds.rows } : {}) }, null, 2));
        else {
          const only = ['bounds'];
          const { blocks } = bounds
            ? await engine.request('session.report', { format: 'blocks', only })
            : { blocks: [] };
          cli.print(summaryText(summary, failIf, blocks));
        }
        const held = summary.expectations.every(({ holds }) => holds) && failIf.every(({ failed }) => !failed);
        return held ? EXIT.ok : EXIT.notHeld;
      });
    }),
  );
};

/** Flags that belong to one run say nothing about a comparison of several. */
function checkAlone(flags: Flags): void {
  const given = [
    ...(flags.system === undefined ? [] : ['--system']),
    ...(flags.record === undefined ? [] : ['--record']),
    ...(flags.bounds ? ['--bounds'] : []),
    ...(flags.failIf === undefined ? [] : ['--fail-if']),
  ];
  if (given.length > 0)
    throw new Refusal(
      `${given.join(' and ')} cannot be combined with --systems, which makes several runs; use --system ID instead`,
    );
}

/** `--systems`: one table; exit code 1 where a system could not be run. */
async function compare(
  engine: Engine,
  cli: Cli,
  systems: readonly SystemWish[],
  flags: Flags,
  reports: readonly ReportFile[],
  printer: Printer | null,
): Promise<ExitCode> {
  const { rows } = await engine.request('session.compare', { systems });
  const only = ['compared-systems'];
  await writeReports(engine, reports, printer, only);
  const { blocks } = await engine.request('session.report', { format: 'blocks', only });
  cli.print(flags.json ? JSON.stringify({ comparison: rows }, null, 2) : blocksText(blocks));
  return rows.every(({ summary }) => summary !== null) ? EXIT.ok : EXIT.notHeld;
}
