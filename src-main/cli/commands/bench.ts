import { InvalidArgumentError, Option } from 'commander';
import { whyNoReference } from '../bench/c-reference';
import type { Figures } from '../bench/row';
import { measureApart, measureHere, type RowSettings } from '../bench/run-row';
import { chosenRows, sections, unknownNames } from '../bench/sections';
import { EXIT, type ExitCode } from '../exit';
import { parseWhole, repeatable } from '../run-flags';
import { addCommonFlags, type Cli, type CommandEntry, type CommonFlags } from './command';

interface Flags extends CommonFlags {
  readonly runs: number;
  readonly limit: number;
  readonly only?: readonly string[];
  readonly long?: boolean;
  readonly row?: string;
}

function parseCount(text: string): number {
  const count = parseWhole(text);
  if (count >= 1 && count <= 1000) return count;
  throw new InvalidArgumentError(`"${text}" is not offered; expected 1 to 1000`);
}

/** Measures the chosen rows one after the other and prints each section when it is complete. */
async function measureAll(cli: Cli, flags: Flags, settings: RowSettings): Promise<ExitCode> {
  const measured: Record<string, Figures | { readonly failure: string }> = {};
  const missing = whyNoReference(settings);
  if (missing !== null) cli.note(`no C reference beside the engine: ${missing}`);
  for (const { section, ids } of chosenRows(flags.only ?? [], flags.long === true)) {
    const figures = new Map<string, Figures>();
    const failures: string[] = [];
    for (const id of ids) {
      cli.note(`${section.id}: ${id} …`);
      const outcome = await measureApart(id, settings);
      if ('figures' in outcome) figures.set(id, outcome.figures);
      else failures.push(`${id}: ${outcome.failure}`);
      measured[id] = 'figures' in outcome ? outcome.figures : outcome;
    }
    if (flags.json) continue;
    cli.print(['', section.title, ...(figures.size > 0 ? [section.table(figures)] : []), ...failures].join('\n'));
  }
  if (flags.json) cli.print(JSON.stringify({ rows: measured }, null, 2));
  return EXIT.ok;
}

/** `faultline bench`: the engine beside a C reference, memory systems, memory, process start. Prints, judges nothing. */
export const bench: CommandEntry = (program, cli) => {
  const command = program
    .command('bench')
    .description('measure the engine, the memory systems and the start of a process (about five minutes)')
    .option('--runs <n>', 'runs of each case; the median is printed', parseCount, 3)
    .option('--limit <seconds>', 'CPU time after which a run under a memory system is cut', parseCount, 2)
    .option('--long', 'also the rows that take minutes each')
    .addOption(new Option('--row <id>', 'measure this row in this process and print its figures').hideHelp());
  repeatable(command, '--only <name>', 'only this row or section', (name) => name);
  addCommonFlags(command).action(
    cli.run(async (flags: Flags) => {
      const settings = { installation: cli.installation, runs: flags.runs, limitSeconds: flags.limit };
      if (flags.row !== undefined) {
        cli.print(JSON.stringify(await measureHere(flags.row, settings)));
        return EXIT.ok;
      }
      const [unknown] = unknownNames(flags.only ?? []);
      if (unknown === undefined) return measureAll(cli, flags, settings);
      const names = sections.flatMap(({ id, rows }) => [id, ...rows.map((row) => row.id)]);
      cli.note(`there is no row or section "${unknown}"; expected one of ${names.join(', ')}`);
      return EXIT.usage;
    }),
  );
};
