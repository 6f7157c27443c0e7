/**
 * The walks of a fault in src-core/README.md: each symbol exists, each is called by name from the hop before it (or from one
 * that this returned to), and there are no more hops than the marks allow. Which object is called is not checked.
 */
import { describe, expect, test } from 'vitest';
import { read } from './project-files';
import { faultsOf, walksIn } from './walks';

const MOST_HOPS = { R0: 10, 'R0-run': 10, 'nvidia-uvm': 15 } as const;
const walks = walksIn(read('src-core/README.md'));

test('there are walks for R0 and for nvidia-uvm, each within its mark', () => {
  expect(walks.map(({ name }) => name)).toEqual(Object.keys(MOST_HOPS));
  expect(walks.filter(({ name, hops }) => hops > MOST_HOPS[name as keyof typeof MOST_HOPS])).toEqual([]);
});

test.each(walks)('the walk of $name follows the code from call to call', (walk) => {
  expect(faultsOf(walk, (file) => read(`src-core/${file}`))).toEqual([]);
});

describe('a walk that is wrong is found', () => {
  const files: Readonly<Record<string, string>> = {
    'a.ts': 'class A { begin() { this.inner(); } inner() { this.b.go(); this.c.end(); } idle() { this.b.lost(); } }',
    'b.ts': 'class B { go() {} lost() {} }',
    'c.ts': 'class C { end() {} }',
  };
  const check = (line: string): string[] => faultsOf(walksIn(line)[0]!, (file) => files[file]!);

  test.each([
    ['- **R0**, 2 hops: `a.ts · begin` → `b.ts · go` →\n  `c.ts · end`', []],
    ['- **R0**, 3 hops: `a.ts · begin` → `b.ts · go` → `c.ts · end`', ['has 2 hops, and says 3']],
    ['- **R0**, 1 hops: `a.ts · begin` → `b.ts · lost`', ['nothing before it calls b.ts · lost']],
    ['- **R0**, 1 hops: `a.ts · begin` → `b.ts · gone`', ['b.ts has no gone', 'nothing before it calls b.ts · gone']],
    ['- **R0**, 1 hops: `a.ts · begin` → `a.ts · inner`', ['a.ts · inner is no hop: it is in the same file']],
  ])('%s', (line, wrong) => {
    expect(check(line)).toEqual(wrong);
  });
});
