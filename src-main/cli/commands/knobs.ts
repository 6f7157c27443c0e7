import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { wordInFile } from '../../../src-core/model/knob';
import { KNOB_FILE_FORMATS, type KnobFile, type KnobFileFormat } from '../../../src-core/model/knob-file';
import { Refusal } from '../../../src-core/model/refusal';
import type { KnobRow, UnknownKnob } from '../../../src-core/protocol/answers';
import type { ResultOf } from '../../../src-core/protocol/methods';
import type { SystemWish } from '../../../src-core/protocol/parameters';
import { formatSystemFlag, parseSystemFlag } from '../../../src-core/session/run-flags';
import { atomicWrite } from '../../io/atomic-write';
import { isOsError, osRefusal } from '../../io/os-reason';
import { ask } from '../ask';
import { EXIT, findingText, placeText } from '../exit';
import { accept } from '../run-flags';
import { addCommonFlags, type Cli, type CommandEntry, type CommonFlags } from './command';

interface SystemFlag extends CommonFlags {
  readonly system?: SystemWish;
}

/** Where a file goes below the folder that was named. */
const FILE_NAMES: Readonly<Record<KnobFileFormat, string>> = {
  modprobe: 'modprobe.d/faultline.conf',
  sysctl: 'sysctl.d/90-faultline.conf',
  tmpfiles: 'tmpfiles.d/faultline.conf',
  cmdline: 'cmdline',
};

function rowText({ param, value, withoutEffect }: KnobRow): string {
  const { knob, unit = '', initial, type, values = [], min = 0, max = 0 } = param;
  const range = type === 'integer' ? `${min}..${max}` : type === 'choice' ? values.join(' | ') : 'true | false';
  const word = wordInFile(knob, value);
  const own = knob.name === param.name ? '' : ` (${param.name})`;
  return [
    `  ${knob.name}${own} = ${String(value)}${unit === '' ? '' : ` ${unit}`}${word === null ? '' : ` (written as ${word} in its file)`}${value === initial ? '' : `, default ${String(initial)}`}`,
    `      ${param.help}`,
    `      ${range}; ${knob.where}; ${param.live ? 'can change during the run' : `fixed at the start, as ${knob.fixed}`}; ${knob.source}`,
    ...(withoutEffect === null ? [] : [`      No effect here: ${withoutEffect}.`]),
  ].join('\n');
}

function addSystem(command: Command, help: string): Command {
  return addCommonFlags(command.option('--system <id>', help, (text) => accept(parseSystemFlag(text))));
}

function addList(knobs: Command, cli: Cli): void {
  addSystem(
    knobs.command('list').description('list the knobs of a memory system under their real names'),
    'memory system with its parameters after commas: nvidia-uvm,uvm_perf_prefetch_threshold=75',
  )
    .option('--machine <preset>', 'machine that the knobs apply to (default: r0)')
    .action(
      cli.run(async ({ system, machine, ...flags }: SystemFlag & { readonly machine?: string }) => {
        const listed = await ask(cli.installation, 'session.knobs', {
          system: needed(system),
          ...(machine === undefined ? {} : { machine }),
        });
        cli.print(
          flags.json
            ? JSON.stringify(listed, null, 2)
            : [`Knobs of ${listed.system.id} on machine ${listed.machine}`, ...listed.rows.map(rowText)].join('\n'),
        );
        return EXIT.ok;
      }),
    );
}

function needed(system: SystemWish | undefined): SystemWish {
  if (system) return system;
  throw new Refusal('no memory system is given; for example, write --system nvidia-uvm');
}

type Exported = ResultOf<'session.exportKnobs'>;
interface ExportFlags extends SystemFlag {
  readonly all?: boolean;
  readonly format?: KnobFileFormat;
  readonly out?: string;
}

function addExport(knobs: Command, cli: Cli): void {
  addSystem(
    knobs.command('export').description('print configuration files that set these knobs on a real machine'),
    'memory system with values after commas: nvidia-uvm,uvm_perf_prefetch_threshold=75',
  )
    .option('--all', 'include knobs with their default values')
    .addOption(new Option('--format <format>', 'write only this kind of file').choices(KNOB_FILE_FORMATS))
    .option('-o, --out <folder>', 'write the files to this folder instead of printing them')
    .action(
      cli.run(async (flags: ExportFlags) => {
        const all = flags.all === true;
        const exported = await ask(cli.installation, 'session.exportKnobs', { system: needed(flags.system), all });
        const files = exported.files.filter(({ format }) => flags.format === undefined || format === flags.format);
        if (flags.out !== undefined) await writeFiles(files, flags.out, cli);
        else if (flags.json) cli.print(JSON.stringify({ ...exported, files }, null, 2));
        else printFiles(files, flags.format !== undefined, cli);
        noteLeft(exported, files, cli);
        return EXIT.ok;
      }),
    );
}

function printFiles(files: readonly KnobFile[], isOne: boolean, cli: Cli): void {
  const texts = files.map(({ path, text }) => (isOne ? text : `==> ${path}\n${text}`).trimEnd());
  if (texts.length > 0) cli.print(texts.join('\n\n'));
}

async function writeFiles(files: readonly KnobFile[], folder: string, cli: Cli): Promise<void> {
  for (const { format, text } of files) {
    const path = join(folder, FILE_NAMES[format]);
    try {
      await mkdir(dirname(path), { recursive: true });
    } catch (error) {
      throw isOsError(error) ? osRefusal(error, path, 'write') : error;
    }
    await atomicWrite(path, text);
    cli.note(`wrote ${path}`);
  }
}

function noteLeft({ system, files: every, left }: Exported, files: readonly KnobFile[], cli: Cli): void {
  for (const { name, value, why } of left) cli.note(`${name} = ${String(value)} cannot be set in a file: ${why}`);
  if (files.length > 0) return;
  cli.note(
    every.length === 0
      ? `all knobs of ${system.id} have their defaults; use --all to write them`
      : `such a file would be empty; these would not: ${every.map(({ format }) => format).join(', ')}`,
  );
}

function unknownText({ name, text, place, knownTo }: UnknownKnob): string {
  const where = placeText({ kind: '', severity: 'note', message: '', count: 1, place });
  const whose = knownTo === null ? '' : ` (a knob of ${knownTo})`;
  return `${where}: ${name}${text === null ? '' : `=${text}`}${whose}`;
}

interface ImportFlags extends CommonFlags {
  readonly system?: string;
  readonly format?: KnobFileFormat;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw isOsError(error) ? osRefusal(error, path, 'read') : error;
  }
}

function addImport(knobs: Command, cli: Cli): void {
  addCommonFlags(
    knobs
      .command('import')
      .description(
        'read configuration files of a real machine; the last line of the output is the flag for `faultline run`',
      )
      .argument('<files...>', 'modprobe.d, sysctl.d, tmpfiles.d or a kernel command line')
      .option('--system <id>', 'memory system that the knobs belong to (default: the one that has most of them)')
      .addOption(
        new Option('--format <format>', 'kind of the files, if it is not clear from the files').choices(
          KNOB_FILE_FORMATS,
        ),
      ),
  ).action(
    cli.run(async (paths: readonly string[], flags: ImportFlags) => {
      const files = await Promise.all(
        paths.map(async (name) => ({
          name,
          text: await textOf(name),
          ...(flags.format === undefined ? {} : { format: flags.format }),
        })),
      );
      const read = await ask(cli.installation, 'session.importKnobs', {
        files,
        ...(flags.system === undefined ? {} : { system: flags.system }),
      });
      if (flags.json) cli.print(JSON.stringify(read, null, 2));
      else {
        for (const finding of read.findings) cli.note(findingText(finding));
        if (read.unknown.length > 0)
          cli.print(
            [
              `Ignored, because ${read.system} has no such knobs:`,
              ...read.unknown.map((each) => `  ${unknownText(each)}`),
            ].join('\n'),
          );
        cli.print(`--system ${formatSystemFlag({ id: read.system, params: read.params })}`);
      }
      return read.findings.some(({ severity }) => severity === 'error') ? EXIT.usage : EXIT.ok;
    }),
  );
}

/** `faultline knobs list | export | import`: the knobs of memory systems, and a real machine's files of them. */
export const knobs: CommandEntry = (program, cli) => {
  const command = program
    .command('knobs')
    .description(
      'list the knobs of a memory system; write or read modprobe.d, sysctl.d, tmpfiles.d and kernel command lines',
    );
  addList(command, cli);
  addExport(command, cli);
  addImport(command, cli);
};
