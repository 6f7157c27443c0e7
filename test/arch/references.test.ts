/** Documents, paths, symbols and rule codes that comments, titles of tests and documents name exist. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { codeFiles, filesIn, read, root, sourceFolders } from './project-files';
import {
  commentsIn,
  documentsNamed,
  pathsNamed,
  proseOf,
  rulesDefined,
  rulesNamed,
  symbolsNamed,
  titlesIn,
} from './references';

const files = filesIn('');
const code = codeFiles().filter((path) => !path.startsWith('test/arch/references'));
const pages = [
  'README.md',
  ...['docs', ...sourceFolders, 'test'].flatMap(filesIn).filter((path) => path.endsWith('.md')),
];
const rulePages = pages.filter((path) => path.startsWith('docs/rules/'));

/** From the root, from the folder of the file, or the end of a path: comments inside core leave `src-core` out. */
const exists = (word: string, from: string): boolean =>
  existsSync(join(root, word)) ||
  existsSync(join(root, dirname(from), word)) ||
  files.some((file) => file.endsWith(`/${word}`));

/** What comments and titles say, and what Markdown pages say, with the file. */
const texts: readonly (readonly [path: string, text: string])[] = [
  ...code.map((path) => [path, [...commentsIn(read(path)), ...titlesIn(read(path))].join('\n')] as const),
  ...pages.map((path) => [path, proseOf(read(path))] as const),
];

/** Every word that occurs outside comments: a symbol that only a comment has does not exist. */
const words = new Set(
  [
    ...codeFiles().map(read),
    ...files.filter((path) => /^(examples\/.*\.yaml|docs\/calibrate\/.*\.(cu|h))$/.test(path)).map(read),
  ].flatMap(
    (text) =>
      commentsIn(text)
        .reduce((rest, comment) => rest.replace(comment, ''), text)
        .match(/[A-Za-z_]\w*/g) ?? [],
  ),
);

const missing = (found: (text: string) => readonly string[], there: (word: string, path: string) => boolean) =>
  texts.flatMap(([path, text]) =>
    [...new Set(found(text))].filter((word) => !there(word, path)).map((word) => `${path}: ${word}`),
  );

describe('the patterns', () => {
  const source = [
    '/** See docs/gone.md and kernel/gone.ts: `goneSymbol` and `Gone.memberName()` keep rules G91 and M93 to M95. */',
    "const url = 'https://example.org/page.md'; // mm/hmm.c of Linux, built with -O2, has no `plain` or SNAKE_CASE word",
    "it('Q7: drops the page', () => {});",
  ].join('\n');
  const said = [...commentsIn(source), ...titlesIn(source)].join('\n');

  it('find each reference in a comment or a title', () => {
    expect(documentsNamed(said)).toEqual(['docs/gone.md']);
    expect(pathsNamed(said)).toEqual(['docs/gone.md', 'kernel/gone.ts']);
    expect(symbolsNamed(said)).toEqual(['goneSymbol', 'memberName']);
    expect(new Set(rulesNamed(said))).toEqual(new Set(['G91', 'M93', 'M94', 'M95', 'Q7']));
  });

  it('read strings as code, addresses as no paths, and code blocks of pages as examples', () => {
    expect(commentsIn("const address = 'https://example.org/a.md';")).toEqual([]);
    expect(pathsNamed('https://example.org/docs/a.md, @scope/package/a.ts')).toEqual([]);
    expect(proseOf('before\n\n```ts\nimport docs/gone.md\n```\nafter')).not.toContain('gone');
  });

  it('find definitions of rules only at the start of a list item', () => {
    expect(rulesDefined('- **G1** Fails.\n- See **G2**.\n  - **G3** nested')).toEqual(['G1']);
  });
});

test('documents that comments and pages name exist', () => {
  expect(missing(documentsNamed, exists)).toEqual([]);
});

test('paths that comments and pages name exist', () => {
  expect(missing(pathsNamed, exists)).toEqual([]);
});

test('symbols that comments and pages name in backticks exist in code', () => {
  expect(missing(symbolsNamed, (word) => words.has(word))).toEqual([]);
});

describe('codes of rules', () => {
  const defined = rulePages.flatMap((path) => rulesDefined(read(path)));
  const others = new Set([
    'R0',
    ...[...read('docs/validation.md').matchAll(/^## (V\d+)/gm)].map((match) => match[1] ?? ''),
    ...files.flatMap((path) => /^examples\/(s\d+)-/.exec(path)?.[1]?.toUpperCase() ?? []),
  ]);

  it('are defined once', () => {
    expect(defined.filter((rule, i) => defined.indexOf(rule) !== i)).toEqual([]);
  });

  it('that code and pages name are defined in docs/rules, or are rows of the validation or examples', () => {
    expect(missing(rulesNamed, (rule) => defined.includes(rule) || others.has(rule))).toEqual([]);
  });

  it('that docs/rules defines are used', () => {
    const used = new Set(code.flatMap((path) => rulesNamed(read(path))));
    expect(defined.filter((rule) => !used.has(rule))).toEqual([]);
  });
});
