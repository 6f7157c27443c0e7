import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { loadWorkload } from '../../../src-core/workload';
import {
  MAX_ABOUT_LENGTH,
  MAX_ALIASES,
  MAX_BRANCHES,
  MAX_DEPTH,
  MAX_FILE_BYTES,
  MAX_NAME_LENGTH,
  MAX_PERMUTED_ELEMENTS,
  MAX_PROBLEMS,
  MAX_REPEAT,
  MAX_STRUCTURE_MARKS,
} from '../../../src-core/workload/limits';

const accepted = (text: string): boolean => loadWorkload(text, 'f.yaml').phases.length > 0;
function refused(text: string): Refusal {
  try {
    loadWorkload(text, 'f.yaml');
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}
const file = (objects: string, loops: string, phase = '', step = ''): string =>
  `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, ${phase} steps: [ { on: gpu, ${step} do: [ ${loops} ] } ] } ]\n`;
const small = 'a: { elements: 4 }';

/** `count` objects, all of which main has and 63 children name: 64 times as many. */
const manyViews = (count: number): string => {
  const names = Array.from({ length: count }, (_, index) => `o${index}`);
  const objects = names.map((name) => `${name}: {elements: 1}`).join(', ');
  const loops = names.map((name) => `{read: ${name}}`).join(', ');
  const steps = Array.from({ length: 63 }, (_, child) => {
    const list = child === 0 ? `&all [${loops}]` : '*all';
    return `{ os: { fork: c${child} } }, { on: cpu, process: c${child}, do: ${list} }`;
  });
  return `faultline: 1\nname: t\nobjects: {${objects}}\nphases: [ { name: p, steps: [ ${steps.join(', ')} ] } ]`;
};

describe('each limit lets the last good value through and refuses the next, with number and limit', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'object bytes',
      file('a: { size: 128TiB }', '{ read: a, elements: [0, 1] }'),
      file('a: { size: 129TiB }', '{ read: a, elements: [0, 1] }'),
      /objects\.a\.size: object of 141,836,999,983,104 bytes; at most 2\^47 \(140,737,488,355,328\)/,
    ],
    [
      'object bytes by elements',
      file('a: { elements: 17592186044416 }', '{ read: a, elements: [0, 1] }'),
      file('a: { elements: 17592186044417 }', '{ read: a, elements: [0, 1] }'),
      /objects\.a\.elements: object of 140,737,488,355,336 bytes; at most 2\^47/,
    ],
    [
      'bytes of all objects',
      file('a: { size: 64TiB }, b: { size: 64TiB }', '{ read: a, elements: [0, 1] }'),
      file('a: { size: 64TiB }, b: { size: 64TiB }, c: { size: 8B }', '{ read: a, elements: [0, 1] }'),
      /objects: the objects take 140,737,490,452,480 bytes; at most 2\^47/,
    ],
    [
      'bytes of the objects of all processes',
      'faultline: 1\nname: t\nobjects: { a: { size: 64TiB } }\nphases: [ { name: p, steps: [ { os: { fork: c1 } }, { on: cpu, process: c1, do: [ { read: a, elements: [0, 1] } ] } ] } ]',
      'faultline: 1\nname: t\nobjects: { a: { size: 64TiB } }\nphases: [ { name: p, steps: [ { os: { fork: c1 } }, { on: cpu, process: c1, do: [ { read: a, elements: [0, 1] } ] }, { os: { fork: c2 } }, { on: cpu, process: c2, do: [ { read: a, elements: [0, 1] } ] } ] } ]',
      /objects: the objects of all processes take 211,106,232,532,992 bytes; at most 2\^47/,
    ],
    [
      'objects of all processes',
      manyViews(1023),
      manyViews(1024),
      /objects: 65,536 objects with those of all processes; at most 65,535/,
    ],
    [
      'element bytes',
      file('a: { size: 4MiB, element: 2MiB }', '{ read: a }'),
      file('a: { size: 4MiB, element: 4MiB }', '{ read: a }'),
      /objects\.a\.element: an element of 4,194,304 bytes; expected 1 B to 2 MiB/,
    ],
    [
      'repeat of a phase',
      file(small, '{ read: a }', `repeat: ${MAX_REPEAT},`),
      file(small, '{ read: a }', 'repeat: 1e12,'),
      /phases\[0\]\.repeat: is 1,000,000,000,000; expected a whole number from 1 to 1,000,000,000/,
    ],
    [
      'repeat of a step',
      file(small, '{ read: a }', '', `repeat: ${MAX_REPEAT},`),
      file(small, '{ read: a }', '', `repeat: ${MAX_REPEAT + 1},`),
      /steps\[0\]\.repeat: is 1,000,000,001; expected/,
    ],
    [
      'passes',
      file(small, '{ read: a, pattern: chase, passes: 1e9 }'),
      file(small, '{ read: a, pattern: chase, passes: 1e10 }'),
      /passes: is 10,000,000,000; expected/,
    ],
    [
      'element accesses',
      file('a: { size: 8388608B, element: i8 }', '{ read: a }', 'repeat: 1e9,'),
      file('a: { size: 9007200B, element: i8 }', '{ read: a }', 'repeat: 1e9,'),
      /phases\[0\]\.repeat: the run makes 9,007,200,000,000,000 element accesses up to here; at most 2\^53 .* Lower "repeat"/,
    ],
    [
      'runs and single accesses: nested repeats',
      file(small, '{ read: a }', 'repeat: 1e5,', 'repeat: 5e5,'),
      file(small, '{ read: a }', 'repeat: 1e6,', 'repeat: 1e6,'),
      /the run makes 2,000,000,000,000 runs of accesses and single accesses up to here; at most 100,000,000,000/,
    ],
    [
      'runs and single accesses: random draws',
      file(small, '{ read: a, pattern: random, count: 9e10 }'),
      file(small, '{ read: a, pattern: random, count: 1e11 }'),
      /the run makes 100,000,000,001 runs/,
    ],
    [
      'elements of random draws',
      file('a: { size: 4GiB, element: i8 }', '{ read: a, pattern: random, count: 1 }'),
      file('a: { elements: 4294967297, element: i8 }', '{ read: a, pattern: random, count: 1 }'),
      /pattern random over 4,294,967,297 elements; at most 4,294,967,296/,
    ],
    [
      'elements of a permutation',
      file(`a: { elements: ${MAX_PERMUTED_ELEMENTS}, element: i8 }`, '{ read: a, pattern: chase }'),
      file(`a: { elements: ${MAX_PERMUTED_ELEMENTS + 1}, element: i8 }`, '{ read: a, pattern: chase }'),
      /pattern chase over 67,108,865 elements; at most 67,108,864/,
    ],
    [
      'elements of a Zipf table',
      file(`a: { elements: ${MAX_PERMUTED_ELEMENTS}, element: i8 }`, '{ read: a, pattern: zipf, count: 1 }'),
      file(`a: { elements: ${MAX_PERMUTED_ELEMENTS + 1}, element: i8 }`, '{ read: a, pattern: zipf, count: 1 }'),
      /pattern zipf over 67,108,865 elements; at most 67,108,864/,
    ],
    [
      'all tables',
      file(
        ['a', 'b', 'c', 'd'].map((name) => `${name}: { size: 64MiB, element: i8 }`).join(', '),
        ['a', 'b', 'c', 'd'].map((name) => `{ read: ${name}, pattern: chase }`).join(', '),
      ),
      file(
        ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}: { size: 64MiB, element: i8 }`).join(', '),
        ['a', 'b', 'c', 'd', 'e'].map((name) => `{ read: ${name}, pattern: chase }`).join(', '),
      ),
      /phases: the permutations and Zipf tables of all loops take 1\.25 GiB; at most 1 GiB/,
    ],
    [
      'lanes of a group',
      file(small, `{ together: [ ${'{ read: a }, '.repeat(64)} ] }`),
      file(small, `{ together: [ ${'{ read: a }, '.repeat(65)} ] }`),
      /together: 65 accesses in lock step; at most 64/,
    ],
    [
      'lanes of a stencil',
      file(small, `{ stencil: { read: a, write: a, points: 3, also: [ ${'{ read: a }, '.repeat(60)} ] } }`),
      file(small, `{ stencil: { read: a, write: a, points: 3, also: [ ${'{ read: a }, '.repeat(61)} ] } }`),
      /also: 65 accesses in lock step; at most 64/,
    ],
    [
      'name',
      file(small, '{ read: a }').replace('name: t', `name: ${'n'.repeat(MAX_NAME_LENGTH)}`),
      file(small, '{ read: a }').replace('name: t', `name: ${'n'.repeat(MAX_NAME_LENGTH + 1)}`),
      /name: is "n+…"; expected a name of 1 to 200 characters/,
    ],
    [
      'about',
      `about: ${'n'.repeat(MAX_ABOUT_LENGTH)}\n${file(small, '{ read: a }')}`,
      `about: ${'n'.repeat(MAX_ABOUT_LENGTH + 1)}\n${file(small, '{ read: a }')}`,
      /about: is "n+…"; expected at most 2000 characters/,
    ],
    [
      'branches',
      `faultline: 1\nname: t\nobjects: { ${small} }\nphases: [ { name: p, steps: [ { concurrently: { steps: [ ${'{ on: cpu, do: [ { read: a } ] }, '.repeat(MAX_BRANCHES)} ] } } ] } ]`,
      `faultline: 1\nname: t\nobjects: { ${small} }\nphases: [ { name: p, steps: [ { concurrently: { steps: [ ${'{ on: cpu, do: [ { read: a } ] }, '.repeat(MAX_BRANCHES + 1)} ] } } ] } ]`,
      /concurrently\.steps: is a list of 65; expected a list of steps with at most 64/,
    ],
    [
      'aliases',
      file(small, `${'*a, '.repeat(MAX_ALIASES - 1)} { read: a }`).replace('do: [', 'do: [ &a { read: a },'),
      file(small, `${'*a, '.repeat(MAX_ALIASES + 10)} { read: a }`).replace('do: [', 'do: [ &a { read: a },'),
      /aliases can repeat at most 100 nodes/,
    ],
    [
      'file size',
      `${file(small, '{ read: a }')}${'#'.repeat(MAX_FILE_BYTES - 200)}`,
      `${file(small, '{ read: a }')}${'#'.repeat(MAX_FILE_BYTES)}`,
      /the file has 4 MiB; the maximum for a workload file is 4 MiB/,
    ],
    [
      'file marks',
      `${file(small, '{ read: a }')}${'\n'.repeat(MAX_STRUCTURE_MARKS - 100)}`,
      `${file(small, '{ read: a }')}${'\n'.repeat(MAX_STRUCTURE_MARKS)}`,
      /brackets, commas, colons and lines; the maximum is 500,000/,
    ],
  ])('%s', (_what, good, bad, message) => {
    expect(accepted(good)).toBe(true);
    const start = process.cpuUsage().user;
    expect(refused(bad).message).toMatch(message);
    expect((process.cpuUsage().user - start) / 1000).toBeLessThan(3000); // refused from formulas, never by trying
  });

  it('65,535 objects', () => {
    const many = (count: number): string =>
      `faultline: 1\nname: t\nobjects:\n${Array.from({ length: count }, (_, i) => `  o${i}: { elements: 1 }\n`).join('')}phases: [ { name: p, steps: [ { on: cpu, do: [ { read: o7 } ] } ] } ]\n`;
    expect(loadWorkload(many(65_535), 'f').objects.length).toBe(65_535);
    expect(refused(many(65_536)).message).toMatch(/objects: 65,536 objects; at most 65,535/);
  });

  it('problems that are named: twenty, in the order of the file', () => {
    const loops = Array.from({ length: 50 }, (_, i) => `{ read: x${i} }`).join(',\n      ');
    const { details, message } = refused(file(small, loops));
    expect(details.length).toBe(MAX_PROBLEMS);
    expect(details.map((detail) => detail.place?.line)).toEqual(Array.from({ length: 20 }, (_, i) => 4 + i));
    expect(message).toMatch(/and 49 more problems/);
  });

  it('many wrong names among many objects are refused in seconds', () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `o${i}: { elements: 1 }`).join(', ');
    const loops = Array.from({ length: 30_000 }, (_, i) => `{ read: p${i} }`).join(', ');
    const start = process.cpuUsage().user;
    expect(refused(file(names, loops)).message).toMatch(
      /there is no object "p0"; did you mean "o0"\? \(and 29999 more/,
    );
    expect((process.cpuUsage().user - start) / 1000).toBeLessThan(20_000);
  });

  it('nesting', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(refused(nested(MAX_DEPTH)).details[0]?.kind).toBe('wrong-value');
    expect(refused(nested(MAX_DEPTH + 2)).details[0]?.kind).toBe('too-deep');
    for (const hostile of [
      '['.repeat(50_000),
      '- '.repeat(50_000),
      '? '.repeat(50_000),
      '{a: '.repeat(50_000),
      'a: '.repeat(50_000),
    ])
      expect(['too-deep', 'yaml-syntax']).toContain(refused(hostile).details[0]?.kind);
  });

  it('alias bombs', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'])
      bomb.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
    expect(refused(bomb.join('\n')).details[0]?.kind).toBe('yaml-alias');
    expect(refused('a: &a [ *a ]').details[0]?.kind).toMatch(/yaml-alias|wrong-value/);
  });
});
