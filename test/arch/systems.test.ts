/** Each memory system is one folder of the same shape, and says where it comes from, how it works and what it lacks. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memorySystems } from '../../src-core/systems';
import { lineCount, read, root } from './project-files';

const folders = readdirSync(join(root, 'src-core/systems'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);
const PARTS = ['Source', 'One fault', 'Not modelled'];
const MOST_LINES = 40;
/** What a decision of a driver answers has one file name in all systems. */
const SHARED_DECISIONS: Readonly<Record<string, string>> = {
  destination: 'residency',
  location: 'residency',
  locations: 'residency',
  prefetching: 'prefetch',
  prefetcher: 'prefetch',
  victims: 'eviction',
  evict: 'eviction',
  chunks: 'ranges',
  chunk: 'ranges',
};
const filesIn = (folder: string): readonly string[] =>
  existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => name.replace(/\.ts$/, '')) : [];

test('each folder is a registered system, and each system has a folder of its name', () => {
  expect(folders.sort()).toEqual(memorySystems.map(({ id }) => id).sort());
});

describe.each(folders)('%s', (id) => {
  const at = (name: string): string => join('src-core/systems', id, name);

  test('holds index.ts, README.md and, where it has them, params, decisions and mechanics: nothing else', () => {
    const names = readdirSync(join(root, at('')));
    expect(names).toEqual(expect.arrayContaining(['README.md', 'index.ts']));
    const known = ['README.md', 'index.ts', 'params.ts', 'params', 'decisions', 'mechanics'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('has a README of at most 40 lines with its source, one fault and what is not modelled', () => {
    const text = read(at('README.md'));
    const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(parts).toEqual(PARTS);
    expect(lineCount(at('README.md'))).toBeLessThanOrEqual(MOST_LINES);
    const [source = '', fault = '', missing = ''] = text.split(/^## .+$/m).slice(1);
    expect([source, missing].filter((part) => part.trim().length < 20)).toEqual([]);
    const drawn = /^```\n([\s\S]*?)^```$/m.exec(fault)?.[1]?.trimEnd().split('\n') ?? [];
    expect(drawn.length).toBeGreaterThanOrEqual(6);
    expect(drawn.length).toBeLessThanOrEqual(14);
  });

  test('names its files by what they do, as the other systems do', () => {
    const mechanics = filesIn(at('mechanics'));
    // memory: a memory system of its own. backend: a driver on the Linux model. Systems without mechanics use another's.
    if (mechanics.length > 0)
      expect(mechanics.filter((name) => name === 'memory' || name === 'backend')).toHaveLength(1);
    expect([...mechanics, ...filesIn(at('decisions'))].filter((name) => name.startsWith(id))).toEqual([]);
    expect(filesIn(at('decisions')).filter((name) => SHARED_DECISIONS[name] !== undefined)).toEqual([]);
  });

  test('decides without its mechanics', () => {
    const folder = at('decisions');
    const imports = filesIn(folder).flatMap((file) =>
      [...read(join(folder, `${file}.ts`)).matchAll(/from '([^']+)'/g)].map(([, from]) => `${file}: ${from}`),
    );
    expect(imports.filter((line) => /mechanics|\/kit\/|\/sim\/|\/hardware\//.test(line))).toEqual([]);
  });
});
