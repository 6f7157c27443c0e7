import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { codeFiles, filesIn, lineCount, read, root, sourceFolders } from './project-files';

const folderReadmeLinesMax = 40;
const documents = ['README.md', ...['docs', ...sourceFolders, 'test'].flatMap(filesIn)].filter(
  (path) => path.endsWith('.md') && !path.includes('/fixtures/'),
);
const all = new Set(filesIn(''));
const allCode = codeFiles();

/** `word` in backticks that looks like a path of the project: it has a slash or a code ending, and no blank. */
function pathsIn(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([^`\s]+)`/g)]
    .map((match) => match[1] ?? '')
    .filter((word) => /^[\w@.][\w./-]*$/.test(word))
    .filter(
      (word) => /\.(ts|vue|mjs|cjs|yaml)$/.test(word) || /^(src-(core|main|renderer)|test|docs|examples)\//.test(word),
    );
}

function exists(word: string, document: string): boolean {
  const path = word.replace(/\/$/, '');
  if (existsSync(join(root, path)) || existsSync(join(root, dirname(document), path))) return true;
  return all.has(path) || allCode.some((file) => file.endsWith(`/${path}`));
}

/** A call in backticks: `name()`. */
function callsIn(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return [...prose.matchAll(/`([A-Za-z]\w{3,})\(\)`/g)].map((match) => match[1] ?? '');
}

test.each(documents)('%s names only files that exist', (document) => {
  expect(pathsIn(read(document)).filter((word) => !exists(word, document))).toEqual([]);
});

test.each(documents)('%s names only functions that exist', (document) => {
  const code = allCode.map(read).join('\n');
  expect(callsIn(read(document)).filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
});

/** Pages that a page links to, from the root. */
const linksOf = (page: string): string[] =>
  [...read(page).matchAll(/\]\(([\w./-]+\.md)(?:#[\w-]+)?\)/g)].map((match) => join(dirname(page), match[1] ?? ''));

test('the README leads to every page of the documentation, to pages of a subfolder through its own README', () => {
  const first = linksOf('README.md');
  const reached = new Set([...first, ...first.filter((page) => page.endsWith('/README.md')).flatMap(linksOf)]);
  const pages = documents.filter((path) => path.startsWith('docs/'));
  expect(pages.filter((page) => !reached.has(page))).toEqual([]);
});

test.each([...sourceFolders, 'test'])(`%s has a README of at most ${folderReadmeLinesMax} lines`, (folder) => {
  const path = `${folder}/README.md`;
  expect(existsSync(join(root, path)), `${path} exists`).toBe(true);
  expect(lineCount(path)).toBeLessThanOrEqual(folderReadmeLinesMax);
});

test('no document or code names a path of one machine', () => {
  const paths = [...documents, ...allCode, 'package.json', 'package-lock.json', '.npmrc', '.ci/run'];
  const suspicious = /["'`( =](\/(work|root|home\/\w+)\/|C:\\Users\\)/;
  expect(paths.filter((path) => suspicious.test(read(path)))).toEqual([]);
});
