/** Files named on the command line, and the roles of files that were dropped together. */
import { basename, extname, resolve } from 'node:path';
import type { OpenTarget } from '../../src-core/model/target';
import type { RunOptions } from '../../src-core/protocol/parameters';

const TAKES_A_VALUE = new Set(['-r', '--require']);

/**
 * The file arguments of an Electron command line, absolute. `argv` starts with the executable; an app that is not
 * packaged is itself named by the first argument.
 */
export function fileArguments(argv: readonly string[], appPath: string | null, folder: string): string[] {
  const files: string[] = [];
  let appIsDue = appPath !== null;
  for (let i = 1; i < argv.length; i++) {
    const argument = argv[i] ?? '';
    if (TAKES_A_VALUE.has(argument)) i++;
    else if (argument !== '' && !argument.startsWith('-')) {
      const path = resolve(folder, argument);
      if (appIsDue && (path === appPath || argument === '.')) appIsDue = false;
      else files.push(path);
    }
  }
  return files;
}

/** `example:<id>` or `path:<path>`, as start-up scripts put it into FAULTLINE_START. */
export function parseStart(text: string | undefined): OpenTarget | null {
  const match = /^(example|path):(.+)$/.exec(text ?? '');
  if (!match?.[2]) return null;
  return match[1] === 'example' ? { kind: 'example', id: match[2] } : { kind: 'path', path: resolve(match[2]) };
}

/** The importer option that an auxiliary file is for, by its name; null: a file to open by itself. */
export function auxiliaryOption(path: string): 'symbols' | 'allocations' | null {
  const name = basename(path).toLowerCase();
  if (['.tsv', '.syms'].includes(extname(name))) return 'symbols';
  return name.startsWith('alloc') || ['.err', '.txt'].includes(extname(name)) ? 'allocations' : null;
}

/** What to open from files that were given together: the first that is not auxiliary, helped by those that are. */
export function openingOf(
  paths: readonly string[],
): { readonly target: OpenTarget; readonly options: RunOptions } | null {
  const main = paths.find((path) => auxiliaryOption(path) === null) ?? paths[0];
  if (main === undefined) return null;
  const importFiles: Record<string, OpenTarget> = {};
  for (const path of paths) {
    const option = auxiliaryOption(path);
    if (path !== main && option !== null) importFiles[option] ??= { kind: 'path', path };
  }
  const options = Object.keys(importFiles).length > 0 ? { importFiles } : {};
  return { target: { kind: 'path', path: main }, options };
}
