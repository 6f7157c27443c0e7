import { expect, test } from 'vitest';
import { codeFiles, lineCount, read } from './project-files';

const limit = 600;

/** Path → the reason why this file may be longer. */
const excused = JSON.parse(read('test/arch/large-files.json')) as Record<string, string>;

test(`no code file has more than ${limit} lines unless large-files.json says why`, () => {
  const tooLong = codeFiles()
    .filter((path) => lineCount(path) > limit && !(path in excused))
    .map((path) => `${path}: ${lineCount(path)} lines`);
  expect(tooLong).toEqual([]);
});

test('large-files.json lists only files that are large, with a reason', () => {
  const known = new Set(codeFiles());
  const stale = Object.entries(excused).filter(
    ([path, reason]) => !known.has(path) || lineCount(path) <= limit || reason.length < 20,
  );
  expect(stale).toEqual([]);
});
