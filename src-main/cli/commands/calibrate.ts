import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { Refusal } from '../../../src-core/model/refusal';
import { calibrate as fit, type Calibrated } from '../../../src-core/session/calibrate';
import { writeCalibrationSource } from '../../host/calibration-source';
import { isOsError, osRefusal } from '../../io/os-reason';
import { writeTogether } from '../../io/write-together';
import { EXIT } from '../exit';
import { outputPath } from '../run-flags';
import { textTable } from '../table';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

/** A result has some twenty kilobytes. */
const MOST_RESULT_BYTES = 16 * 1024 * 1024;

interface Flags extends CommonFlags {
  readonly writeSource?: string;
  readonly as?: string;
  readonly extends?: string;
  readonly explain?: boolean;
}

async function read(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MOST_RESULT_BYTES)
      throw new Refusal(`${basename(path)} is larger than 16 MiB; results of the calibration program are much smaller`);
    return await readFile(path);
  } catch (cause) {
    throw isOsError(cause) ? osRefusal(cause, path, 'read') : cause;
  }
}

/** The machine's id is its file's name. */
function idOf(path: string): string {
  const name = basename(path);
  const id = name.replace(/\.json$/, '');
  if (id === name || !/^[a-z0-9][a-z0-9.-]{0,63}$/.test(id))
    throw new Refusal(
      `${name} cannot name a machine; expected up to 64 lower-case letters, digits, points and hyphens, then .json, such as my-machine.json`,
    );
  return id;
}

function constantsText({ constants, kept, base }: Calibrated): string {
  const rows = constants.map(({ path, value, grade, residual }) => [path, value, grade, residual ?? '']);
  return [
    textTable(['constant', 'value', 'grade', 'residual'], rows),
    '',
    `${kept.length} constants were not measured and keep the values of ${base}; --explain lists them with the reasons`,
  ].join('\n');
}

/** `faultline calibrate`: the program that measures a machine, and machine files from what it printed. */
export const calibrate: CommandEntry = (program, cli) => {
  const command = program
    .command('calibrate')
    .description('make a machine file from the result of the calibration program, or write the source of the program')
    .argument('[result]', 'output of the calibration program')
    .option('--write-source <folder>', 'copy the program (CUDA and HIP, with a README) to this folder')
    .option('--as <file>', 'write the machine file here, and the samples next to it; use it with --machine')
    .option('--extends <preset>', 'preset for values that are not measured (default: by the name of the device)')
    .option('--explain', 'print samples, formula, residual and source of each constant');
  addCommonFlags(command).action(
    cli.run(async (result: string | undefined, flags: Flags) => {
      if ((result === undefined) === (flags.writeSource === undefined))
        throw new Refusal(
          'give a result (`calibrate RESULT.json --as my-machine.json`) or --write-source FOLDER, but not both',
        );
      if (result === undefined) {
        const written = await writeCalibrationSource(cli.installation, flags.writeSource ?? '');
        cli.print(
          flags.json
            ? JSON.stringify({ files: written }, null, 2)
            : [
                ...written.map((path) => `wrote ${path}`),
                'next: README.md in this folder explains how to build it',
              ].join('\n'),
        );
        return EXIT.ok;
      }
      const from = resolve(result);
      const to = flags.as === undefined ? null : outputPath(flags.as);
      const beside = to === null ? null : to.replace(/\.json$/, '.samples.json');
      if (to === from)
        throw new Refusal(`${flags.as ?? ''} is the result itself; give another file name for the machine`);
      const data = await read(from);
      const text = new TextDecoder('utf-8').decode(data);
      const calibrated = fit(text, basename(from), {
        id: to === null ? 'calibrated' : idOf(to),
        ...(flags.extends === undefined ? {} : { base: flags.extends }),
        samplesFile: basename(beside ?? from),
      });
      if (to !== null && beside !== null)
        await writeTogether([
          ...(beside === from ? [] : [[beside, data] as const]),
          [to, calibrated.fileText] as const,
        ]);
      const files = to === null || beside === null ? [] : [to, beside];
      const { base, constants, kept, explanation } = calibrated;
      if (flags.json) cli.print(JSON.stringify({ files, extends: base, constants, kept }, null, 2));
      else
        cli.print(
          [flags.explain ? explanation : constantsText(calibrated), ...files.map((path) => `wrote ${path}`)].join('\n'),
        );
      return EXIT.ok;
    }),
  );
};
