import { expect, test } from 'vitest';
import { codeFiles, filesIn, root, sourceFolders } from './project-files';
import { readdirSync } from 'node:fs';

const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(d|test|typetest|bench))?\.(ts|mts|mjs|cjs)$/;
const pascal = /^([A-Z][A-Za-z0-9]*)\.vue$/;
const leftovers = /(^|\/)(old|unused|misc|backup|temp|tmp)(\/|[.-])|[-.](v\d+|old|copy|bak|orig)\.[a-z]+$/;

/** All that may stand at the top; anything else belongs into one of these folders. */
const topLevel = [
  '.ci',
  '.gitignore',
  '.npmrc',
  '.prettierignore',
  'LICENSE',
  'README.md',
  'docs',
  'electron-builder.yml',
  'electron.vite.config.ts',
  'eslint.config.js',
  'examples',
  'package-lock.json',
  'package.json',
  'src-core',
  'src-main',
  'src-renderer',
  'test',
  'tsconfig.base.json',
  'tsconfig.json',
  'vitest.config.ts',
];
const generated = ['.git', 'node_modules', 'out', 'dist', 'test-results', 'coverage', '.faultline'];

test('code files are kebab-case, Vue components PascalCase', () => {
  const wrong = codeFiles().filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return !(name.endsWith('.vue') ? pascal : kebab).test(name);
  });
  expect(wrong).toEqual([]);
});

test('folders are kebab-case', () => {
  const wrong = codeFiles().filter((path) => !/^[a-z0-9/-]*$/.test(path.slice(0, path.lastIndexOf('/'))));
  expect(wrong).toEqual([]);
});

test('no file name contains a version or history word', () => {
  expect([...sourceFolders, 'test'].flatMap(filesIn).filter((path) => leftovers.test(path))).toEqual([]);
});

test('the top level holds only what is agreed', () => {
  expect(readdirSync(root).filter((name) => !topLevel.includes(name) && !generated.includes(name))).toEqual([]);
});
