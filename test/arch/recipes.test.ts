/**
 * The recipes of an extension, carried out: in a copy of the tree each kind is added with its own files and one edited file,
 * and the checks of the project pass there. A knob is two edits: its declaration and the place that reads it.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './project-files';
import { recipes, type Recipe } from './recipes';

const TIME_LIMIT_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), 'faultline-recipes-'));
const inTree = (path: string): string => join(folder, path);
const run = promisify(execFile);

/** Files that exist already and were changed, by what changed them. */
const edits: Record<string, Set<string>> = {};

function edit(what: string, path: string, change: (text: string) => string): void {
  const before = readFileSync(inTree(path), 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${what}: nothing was found to edit in ${path}`);
  writeFileSync(inTree(path), after);
  (edits[what] ??= new Set()).add(path);
}

/** The import, and the entry at the end of the registry's list. */
const withEntry =
  ({ name, from }: Recipe) =>
  (text: string): string =>
    text
      .replace(/^import /m, `import { ${name} } from '${from}';\nimport `)
      .replace(/(^export const \w+: readonly [^=]*= \[[^\]]*?),?\s*\];/m, `$1, ${name}];`);

/** Runs a program of the project in the copy; answers what it printed when it failed, else nothing. */
async function check(program: string, ...given: readonly string[]): Promise<string> {
  try {
    await run(process.execPath, [join(root, 'node_modules', program), ...given], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FAULTLINE_FIX: '' },
      maxBuffer: 2 ** 26,
    });
    return '';
  } catch (cause) {
    const { stdout, stderr, message } = cause as Error & { stdout?: string; stderr?: string };
    return `${stdout ?? ''}${stderr ?? ''}` || message;
  }
}

beforeAll(() => {
  for (const path of ['src-core', 'src-main', 'src-renderer', 'test', 'docs', 'README.md'])
    cpSync(join(root, path), inTree(path), { recursive: true });
  for (const path of [
    'package.json',
    'tsconfig.base.json',
    'tsconfig.json',
    'vitest.config.ts',
    'electron.vite.config.ts',
  ])
    cpSync(join(root, path), inTree(path));
  symlinkSync(join(root, 'node_modules'), inTree('node_modules'));
  for (const [what, recipe] of Object.entries(recipes)) {
    for (const [path, text] of Object.entries(recipe.files)) {
      mkdirSync(dirname(inTree(path)), { recursive: true });
      writeFileSync(inTree(path), text);
    }
    edit(what, recipe.registry, withEntry(recipe));
  }
  edit('a knob', 'src-core/systems/copy/params.ts', (text) =>
    text.replace(
      /^ {2}pointerBytes: /m,
      "  scratch: toggle({ title: 'Scratch', help: 'Operands look empty.', initial: false, live: true }),\n  pointerBytes: ",
    ),
  );
  edit('a knob', 'src-core/systems/copy/mechanics/backend.ts', (text) =>
    text.replace('if (!this.params.doubleBuffering)', 'if (!this.params.doubleBuffering || this.params.scratch)'),
  );
}, TIME_LIMIT_MS);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test.each(Object.keys(recipes))('%s edits one existing file', (what) => {
  expect([...(edits[what] ?? [])]).toHaveLength(1);
});

test('a knob edits two files', () => {
  expect([...(edits['a knob'] ?? [])]).toHaveLength(2);
});

test(
  'types, layers and dead code hold in the tree with all of them',
  async () => {
    expect(await check('typescript/bin/tsc', '-p', 'src-core', '--pretty', 'false')).toBe('');
    expect(await check('vue-tsc/bin/vue-tsc.js', '-p', 'src-renderer', '--pretty', 'false')).toBe('');
    const places = ['src-core', 'src-main', 'src-renderer'];
    const cruise = 'dependency-cruiser/bin/dependency-cruise.mjs';
    expect(await check(cruise, '--config', 'test/arch/layers.cjs', ...places)).toBe('');
    expect(await check('knip/bin/knip.js', '-c', 'test/arch/knip.json', '--production')).toBe('');
  },
  TIME_LIMIT_MS,
);

test(
  'without its line in the registry, an extension is dead code',
  async () => {
    edit('forgotten', 'src-core/policies/index.ts', (text) =>
      text.replace(/^import \{ scratch \}.*\n/m, '').replace(/, scratch\]/, ']'),
    );
    expect(await check('knip/bin/knip.js', '-c', 'test/arch/knip.json', '--production')).toContain(
      'src-core/policies/prefetch/scratch.ts',
    );
  },
  TIME_LIMIT_MS,
);
