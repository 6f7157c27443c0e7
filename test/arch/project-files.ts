import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const generated = new Set(['node_modules', '.git', 'out', 'dist', 'test-results', 'coverage', '.faultline']);

/** Paths, with forward slashes and below the project root, of all files in a folder that people write. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !generated.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesIn(path) : [path];
    })
    .sort();
}

export const sourceFolders = ['src-core', 'src-main', 'src-renderer'];

/** Code of the product and its tests. */
export function codeFiles(folders: readonly string[] = [...sourceFolders, 'test']): string[] {
  return folders
    .flatMap(filesIn)
    .filter((path) => /\.(ts|mts|mjs|cjs|vue)$/.test(path) && !path.includes('/fixtures/'));
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

export const lineCount = (path: string): number => read(path).trimEnd().split('\n').length;
