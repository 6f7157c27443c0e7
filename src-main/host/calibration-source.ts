import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Refusal } from '../../src-core/model/refusal';
import { isOsError, osRefusal } from '../io/os-reason';
import { readIfThere, writeTogether } from '../io/write-together';
import type { Installation } from './installation';

/**
 * Copies the calibration program's source into a folder, which is made when it is not there: all of it or nothing. Files
 * that were changed there are never overwritten. Returns the paths.
 */
export async function writeCalibrationSource(
  { root }: Pick<Installation, 'root'>,
  folder: string,
): Promise<readonly string[]> {
  const from = join(root, 'docs/calibrate');
  const to = resolve(folder);
  const names = (await readdir(from)).sort();
  const files = await Promise.all(
    names.map(async (name) => [join(to, name), await readFile(join(from, name))] as const),
  );
  try {
    await mkdir(to, { recursive: true });
  } catch (cause) {
    throw isOsError(cause) ? osRefusal(cause, to, 'write') : cause;
  }
  for (const [path, data] of files) {
    const there = await readIfThere(path);
    if (there && !there.equals(data))
      throw new Refusal(
        `${basename(path)} in ${folder} differs from Faultline's version; choose another folder, or move the file`,
      );
  }
  await writeTogether(files);
  return files.map(([path]) => path);
}
