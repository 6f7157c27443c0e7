import { readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Example } from '../../src-core/contracts/platform';

/** The workload files that ship, by id in order; none when the folder is not there (a broken installation). */
export function listExamples(folder: string): readonly Example[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => ({ id: parse(name).name, path: join(folder, name) }));
}
