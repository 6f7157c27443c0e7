import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { excessesOf, limits, type Limit } from './limits';
import { codeFiles, lineCount, read, root, sourceFolders } from './project-files';

/** Present exceptions: what is larger than allowed, and why it still is. New code does not get in. */
const listFile = 'test/arch/limits.json';
interface Exception {
  readonly reason: string;
  /** `PATH Class.method`. */
  readonly places: readonly string[];
}
type List = Record<Limit, readonly Exception[]>;

/** The list may only shrink: lower this number when places leave it. */
const placesAtMost = 60;
const fileLinesMax = 400;
const testLinesMax = 600;
const medianLinesMax = 100;

const code = codeFiles(sourceFolders);
const found = code.flatMap((path) => excessesOf(path, read(path)));
const list = JSON.parse(read(listFile)) as List;
const kinds = Object.keys(limits) as Limit[];

/** Without the folders, so that a file that moves stays excused. */
const atHome = (place: string): string => basename(place.split(' ')[0] ?? '') + place.slice(place.indexOf(' '));
const placesFound = (limit: Limit): readonly string[] => [
  ...new Set(found.filter((excess) => excess.limit === limit).map(({ place }) => place)),
];

/** `npm run fix` drops places that keep the limit by now, and follows files that moved; it adds none. */
function shrunk(limit: Limit): readonly Exception[] {
  const present = placesFound(limit);
  return list[limit]
    .map(({ reason, places }) => ({
      reason,
      places: places
        .flatMap((place) => {
          if (present.includes(place)) return [place];
          const moved = present.filter((other) => atHome(other) === atHome(place) && !places.includes(other));
          return moved.slice(0, 1);
        })
        .sort(),
    }))
    .filter(({ places }) => places.length > 0);
}

if (process.env['FAULTLINE_FIX'] === '1') {
  for (const limit of kinds) list[limit] = shrunk(limit);
  writeFileSync(join(root, listFile), `${JSON.stringify(list, undefined, 2)}\n`);
}

const excused = (limit: Limit): readonly string[] => list[limit].flatMap(({ places }) => places);

test.each(kinds)('nothing new is over the limit of %s', (limit) => {
  const known = new Set(excused(limit));
  const fresh = found
    .filter((excess) => excess.limit === limit && !known.has(excess.place))
    .map(({ place, size }) => `${place}: ${size}, at most ${limits[limit]}`);
  expect(fresh).toEqual([]);
});

test.each(kinds)('each exception to %s is still needed (npm run fix drops the others)', (limit) => {
  const present = new Set(placesFound(limit));
  expect(excused(limit).filter((place) => !present.has(place))).toEqual([]);
});

test('the list of exceptions does not grow, and each has a reason', () => {
  expect(kinds.flatMap(excused).length).toBeLessThanOrEqual(placesAtMost);
  const all = kinds.flatMap((limit) => list[limit]);
  expect(all.filter(({ reason }) => reason.length < 30)).toEqual([]);
});

test(`no file of the product has more than ${fileLinesMax} lines, and half have at most ${medianLinesMax}`, () => {
  const lengths = code.map((path) => ({ path, lines: lineCount(path) })).sort((a, b) => a.lines - b.lines);
  expect(lengths.filter(({ lines }) => lines > fileLinesMax)).toEqual([]);
  expect(lengths[lengths.length >> 1]?.lines).toBeLessThanOrEqual(medianLinesMax);
});

test(`no test has more than ${testLinesMax} lines`, () => {
  expect(codeFiles(['test']).filter((path) => lineCount(path) > testLinesMax)).toEqual([]);
});

test('what is over a limit is reported with its name, what is not is not', () => {
  const members = Array.from({ length: 24 }, (_, i) => `m${i} = ${i};`).join('\n');
  const optional = Array.from({ length: 9 }, (_, i) => `o${i}?: number;`).join('\n');
  const lines = 'x();\n'.repeat(59);
  const planted = [
    `class Large { ${members} constructor(private readonly a: number) {} }`,
    `class AtLimit { ${members} constructor(a: number) {} }`,
    `interface Bag { ${optional} }`,
    `const o = { long(a: number, b: number, c: number, d: number, e: number, f: number) {\n${lines}} };`,
    'class Wide { take(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1): void {} }',
    'declare function narrow(a: 1, b: 1, c: 1, d: 1, e: 1, f: 1): void;',
  ].join('\n');
  expect(excessesOf('planted.ts', planted)).toEqual([
    { limit: 'class-members', place: 'planted.ts Large', size: 26 },
    { limit: 'optional-members', place: 'planted.ts Bag', size: 9 },
    { limit: 'function-lines', place: 'planted.ts o.long', size: 61 },
    { limit: 'parameters', place: 'planted.ts Wide.take', size: 7 },
  ]);
  const component = `<template><p /></template>\n<script setup lang="ts">\nclass InVue { ${members} a = 1; b = 2; }\n</script>`;
  expect(excessesOf('Planted.vue', component).map(({ place }) => place)).toEqual(['Planted.vue InVue']);
});
