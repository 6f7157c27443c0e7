import { describe, expect, it } from 'vitest';
import { auxiliaryOption, fileArguments, openingOf, parseStart } from '../../../src-main/app/file-arguments';

describe('file arguments of Electron', () => {
  it.each([
    [['electron', '.', 'a.yaml'], '/app', ['/there/a.yaml']],
    [['electron', '--no-sandbox', '/app', '--flag=1', 'a.yaml', '/b.csv'], '/app', ['/there/a.yaml', '/b.csv']],
    [['electron', '-r', 'loader.js', '/app', 'a.yaml'], '/app', ['/there/a.yaml']],
    [['electron', '/app'], '/app', []],
    [['faultline', 'a.yaml'], null, ['/there/a.yaml']],
    [['faultline', '', '--help'], null, []],
  ])('%j', (argv, appPath, expected) => {
    expect(fileArguments(argv, appPath, '/there')).toEqual(expected);
  });
});

describe('files that come together', () => {
  it('are one to open and its helpers', () => {
    expect(openingOf(['/t/m.syms.tsv', '/t/m.lackey.zst', '/t/m.err'])).toEqual({
      target: { kind: 'path', path: '/t/m.lackey.zst' },
      options: {
        importFiles: {
          symbols: { kind: 'path', path: '/t/m.syms.tsv' },
          allocations: { kind: 'path', path: '/t/m.err' },
        },
      },
    });
  });
  it('of which the only one is opened, whatever its name', () => {
    expect(openingOf(['/t/notes.txt'])).toEqual({ target: { kind: 'path', path: '/t/notes.txt' }, options: {} });
    expect(openingOf([])).toBeNull();
  });
  it.each([
    ['/a/x.tsv', 'symbols'],
    ['/a/x.SYMS', 'symbols'],
    ['/a/alloc-log', 'allocations'],
    ['/a/x.err', 'allocations'],
    ['/alloc/x.csv', null],
  ])('%s is for %s', (path, option) => {
    expect(auxiliaryOption(path)).toBe(option);
  });
});

it.each([
  ['example:s1', { kind: 'example', id: 's1' }],
  ['path:/a b:c', { kind: 'path', path: '/a b:c' }],
  ['upload:x', null],
  ['', null],
  [undefined, null],
])('FAULTLINE_START=%s', (text, target) => {
  expect(parseStart(text)).toEqual(target);
});
