import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Example } from '../../src-core/contracts/platform';

/** The workload files that ship, by id in order; none when the folder is not there (a broken installation). */
export function listExamples(folder: string): readonly Example[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  return names
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .map((name) => ({ name: name.replaceAll('\\', '/'), path: join(folder, name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, path }) => ({ id: name.replace(/\.[a-z]+$/, ''), path }));
}
