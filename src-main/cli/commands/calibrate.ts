import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Refusal } from '../../../src-core/model/refusal';
import { calibrate as fit, type Calibrated } from '../../../src-core/session/calibrate';
import { atomicWrite } from '../../io/atomic-write';
import { isOsError, osRefusal } from '../../io/os-reason';
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
      throw new Refusal(`${basename(path)} is larger than 16 MiB; results of calibrate are far smaller`);
    return await readFile(path);
  } catch (cause) {
    throw isOsError(cause) ? osRefusal(cause, path, 'read') : cause;
  }
}

const readIfThere = async (path: string): Promise<Buffer | null> => (existsSync(path) ? read(path) : null);

/** Writes all files or none: what was written before a failure is put back as it was. */
async function writeTogether(files: readonly (readonly [path: string, data: Uint8Array | string])[]): Promise<void> {
  const before: (readonly [string, Buffer | null])[] = [];
  try {
    for (const [path, data] of files) {
      before.push([path, await readIfThere(path)]);
      await atomicWrite(path, data);
    }
  } catch (failure) {
    before.pop(); // the one that failed is as it was
    for (const [path, old] of before) {
      if (old === null) await rm(path, { force: true });
      else await atomicWrite(path, old);
    }
    throw failure;
  }
}

/** Copies the program's source into a folder, which is made when it is not there; changed files are not overwritten. */
async function writeSource(from: string, folder: string): Promise<readonly string[]> {
  const to = resolve(folder);
  const names = (await readdir(from)).sort();
  const files = await Promise.all(
    names.map(async (name) => [join(to, name), await readFile(join(from, name))] as const),
  );
  for (const [path, data] of files) {
    const there = await readIfThere(path);
    if (there && !there.equals(data))
      throw new Refusal(
        `${basename(path)} in ${folder} differs from the one that ships; name another folder, or move it`,
      );
  }
  try {
    await mkdir(to, { recursive: true });
  } catch (cause) {
    throw isOsError(cause) ? osRefusal(cause, to, 'write') : cause;
  }
  await writeTogether(files);
  return files.map(([path]) => path);
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
    `${kept.length} constants are not measured and stay as ${base} has them; --explain lists them with the reasons`,
  ].join('\n');
}

/** `faultline calibrate`: the program that measures a machine, and machine files from what it printed. */
export const calibrate: CommandEntry = (program, cli) => {
  const command = program
    .command('calibrate')
    .description('make a machine file from what the calibration program measured, or write the source of that program')
    .argument('[result]', 'what the program printed')
    .option('--write-source <folder>', 'copy the program (CUDA and HIP, with a README) into this folder')
    .option('--as <file>', 'write the machine file here, with the samples beside it; use it with --machine')
    .option('--extends <preset>', 'preset for what is not measured (default: the one named like the device)')
    .option('--explain', 'print each constant: samples, formula, residual; what was not recorded and whence it is');
  addCommonFlags(command).action(
    cli.run(async (result: string | undefined, flags: Flags) => {
      if ((result === undefined) === (flags.writeSource === undefined))
        throw new Refusal(
          'name a result (`calibrate RESULT.json --as my-machine.json`) or --write-source FOLDER, one of both',
        );
      if (result === undefined) {
        const written = await writeSource(join(cli.installation.root, 'docs/calibrate'), flags.writeSource ?? '');
        cli.print(
          flags.json
            ? JSON.stringify({ files: written }, null, 2)
            : [...written.map((path) => `wrote ${path}`), 'next: README.md there has the build lines'].join('\n'),
        );
        return EXIT.ok;
      }
      const from = resolve(result);
      const to = flags.as === undefined ? null : outputPath(flags.as);
      const beside = to === null ? null : to.replace(/\.json$/, '.samples.json');
      if (to === from) throw new Refusal(`${flags.as ?? ''} is the result itself; name another file for the machine`);
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
