import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src-core/model/finding';
import { Refusal } from '../../../src-core/model/refusal';
import { loadWorkload, placeInWorkload } from '../../../src-core/workload';

/** What a text is refused for: `line:column path kind: message`. */
function problems(text: string): string[] {
  return details(text).map(
    ({ place, kind, message }) => `${place?.line}:${place?.column} ${place?.path ?? '-'} ${kind}: ${message}`,
  );
}

function details(text: string): readonly Finding[] {
  return refusal(text).details;
}

function refusal(text: string): Refusal {
  try {
    loadWorkload(text, 'bad.yaml');
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`was not refused: ${text}`);
}

/** Lines 1–3 are the head; objects u and v of 8 elements, m a 2×4 matrix; the given text begins in line 4. */
const head =
  'faultline: 1\nname: t\nobjects: { u: { elements: 8 }, v: { elements: 8 }, m: { layout: matrix, rows: 2, columns: 4 } }\n';
const inPhase = (steps: string, phase = ''): string =>
  `${head}phases:\n - name: p\n   ${phase || 'repeat: 1'}\n   steps:\n    - ${steps}\n`;
/** The step is line 8; its loop begins in column 25. */
const inLoop = (loop: string): string => inPhase(`{ on: gpu0, do: [ ${loop} ] }`);
const LOOP = 'phases[0].steps[0].do[0]';
const objects = (list: string): string =>
  `faultline: 1\nname: t\nobjects:\n  ${list}\nphases: [ { name: p, steps: [ { on: cpu, do: [ { read: u } ] } ] } ]\n`;

describe('what is no workload at all', () => {
  it.each([
    ['', '1:1 - empty-file: the file is empty; expected a workload that starts with "faultline: 1"'],
    [' \n\n', '1:1 - empty-file: the file is empty; expected a workload that starts with "faultline: 1"'],
    ['# only a comment\n', '1:1 (file) wrong-value: is null; expected a workload that starts with "faultline: 1"'],
    ['ab\n c\0d', '2:3 - not-text: the file is not text; expected a workload in YAML or JSON (UTF-8)'],
    ['\uFFFD\uFFFDPNG', '1:1 - not-text: the file is not text; expected a workload in YAML or JSON (UTF-8)'],
    ['hello', '1:1 (file) wrong-value: is "hello"; expected a workload that starts with "faultline: 1"'],
    ['[]', '1:1 (file) wrong-value: is an empty list; expected a workload that starts with "faultline: 1"'],
  ])('%j', (text, expected) => {
    expect(problems(text)).toEqual([expected]);
  });

  it.each([
    ['faultline: 1\nname: [a', 2, 9],
    ['faultline: 1\n name: 2', 1, 12],
    ['a: !custom 1', 1, 4],
    ['a: 1\n---\nb: 2', 2, 1],
  ])('YAML that is not well-formed, or has custom tags or two documents: %j', (text, line, column) => {
    const [first] = details(text);
    expect(first?.kind).toBe('yaml-syntax');
    expect([first?.place?.line, first?.place?.column]).toEqual([line, column]);
  });

  it('a key given twice, an alias without anchor and a key that is no word', () => {
    expect(problems('name: a\nfaultline: 1\nname: b')).toEqual([
      '3:1 name duplicate-key: "name" is given twice; keep one of them',
    ]);
    expect(problems('a:\n - *b')).toEqual([
      '2:4 a[0] yaml-alias: there is no anchor &b before this alias; write the value out',
    ]);
    expect(problems('__proto__: { a: 1 }')[0]).toMatch(/^1:1 \(file\) bad-key: __proto__ cannot be a key/);
    expect(problems('? [a]\n: 1')[0]).toMatch(/^1:3 \(file\) bad-key: this cannot be a key/);
  });

  it('the message of the refusal is the first problem with its place, and how many more there are', () => {
    expect(refusal('faultline: 2\nname: 3').message).toBe(
      'bad.yaml:1:1: objects: is missing; expected objects by name, such as { u: { size: 32MiB } } (and 3 more problems)',
    );
    expect(refusal('hello').message).toBe(
      'bad.yaml:1:1: is "hello"; expected a workload that starts with "faultline: 1"',
    );
  });
});

describe('keys', () => {
  it('an unknown key is named at its own place with the nearest known one', () => {
    expect(problems(`${head}seeed: 3\nphases: [ { name: p, steps: [ { on: cpu, do: [ { read: u } ] } ] } ]`)).toEqual([
      '4:1 seeed unknown-key: unknown key "seeed"; did you mean "seed"?',
    ]);
    expect(problems(objects('u: { elements: 2, layuot: array }'))).toEqual([
      '4:21 objects.u.layuot unknown-key: unknown key "layuot"; did you mean "layout"?',
    ]);
    expect(problems(inPhase('{ on: cpu, iteration: { from: 1 }, do: [ { read: u } ] }'))).toEqual([
      '8:18 phases[0].steps[0].iteration unknown-key: unknown key "iteration"; did you mean "iterations"?',
    ]);
    expect(problems(inLoop('{ read: u, patern: reverse }'))).toEqual([
      `8:36 ${LOOP}.patern unknown-key: unknown key "patern"; did you mean "pattern"?`,
    ]);
    expect(problems(inLoop('{ stencil: { read: u, wirte: v, write: v, points: 3 } }'))).toEqual([
      `8:47 ${LOOP}.stencil.wirte unknown-key: unknown key "wirte"; did you mean "write"?`,
    ]);
    expect(problems(`policies: { evicton: random }\n${inLoop('{ read: u }')}`)).toEqual([
      '1:13 policies.evicton unknown-key: unknown key "evicton"; did you mean "eviction"?',
    ]);
  });

  it('a key like no other lists what there is', () => {
    expect(problems(inLoop('{ gemm: { a: u, b: u, c: u, n: 2, quux: 3 } }'))).toEqual([
      `8:59 ${LOOP}.gemm.quux unknown-key: unknown key "quux"; known are a, b, c, m, n, k, tile, beta`,
    ]);
  });

  it('a misspelt key is not also reported as a missing one', () => {
    expect(problems(objects('u: { sise: 32MiB }'))).toEqual([
      '4:8 objects.u.sise unknown-key: unknown key "sise"; did you mean "size"?',
    ]);
    expect(problems(inLoop('{ raed: u }'))).toEqual([
      `8:27 ${LOOP}.raed unknown-key: unknown key "raed"; did you mean "read"?`,
    ]);
  });

  it('unknown keys do not hide what else is wrong', () => {
    expect(problems(inLoop('{ read: w, patern: reverse }')).map((line) => line.split(':')[1]?.split(' ')[2])).toEqual([
      'unknown-object',
      'unknown-key',
    ]);
  });

  it('missing keys', () => {
    expect(problems('objects: {}')).toEqual([
      '1:1 faultline wrong-value: is missing; expected 1, the version of the workload language',
      '1:1 name wrong-value: is missing; expected a name of 1 to 200 characters',
      '1:1 phases wrong-value: is missing; expected a list of phases',
    ]);
    expect(problems(inPhase('{ name: x }'))).toEqual([
      '8:7 phases[0].steps[0] missing-key: "on" is missing; expected cpu, gpu or gpu0 … gpu5',
      '8:7 phases[0].steps[0] missing-key: "do" is missing; expected a list of loops such as [ { read: u } ]',
    ]);
  });
});

describe('values', () => {
  it.each([
    [
      'u: { size: 32MB }',
      '4:14 objects.u.size wrong-value: "32MB": "MB" is not one of the units B, KiB, MiB, GiB, TiB; write 32MiB',
    ],
    ['u: { size: "32" }', '4:14 objects.u.size wrong-value: "32": a unit is missing; write 32B'],
    [
      'u: { size: 32 }',
      '4:14 objects.u.size wrong-value: is 32; expected a size with its unit, such as "32MiB" (B, KiB, MiB, GiB, TiB)',
    ],
    ['u: 32MiB', '4:6 objects.u wrong-value: is "32MiB"; expected an object such as { size: 32MiB, element: f64 }'],
    ['u: {}', '4:3 objects.u missing-key: has no size; give "size" (such as 32MiB) or "elements"'],
    [
      'u: { elements: 1.5 }',
      '4:18 objects.u.elements wrong-value: is 1.5; expected a whole number from 1 to 140,737,488,355,328',
    ],
    [
      'u: { elements: 4, size: 32B }',
      '4:18 objects.u.elements wrong-value: both "size" and "elements" are given; keep one of them',
    ],
    [
      'u: { size: 9B }',
      '4:14 objects.u.size wrong-value: 9 bytes are not a whole number of elements of 8 bytes; expected a multiple, such as 16',
    ],
    [
      'u: { size: 8B, element: f46 }',
      '4:27 objects.u.element wrong-value: "f46" is not an element type; did you mean "f64"?, or a size such as "128B"',
    ],
    ['u: { elements: 8, rows: 2 }', '4:27 objects.u.rows wrong-value: "rows" is only for layout matrix; this is array'],
    [
      'u: { elements: 8, layout: matrix }',
      '4:3 objects.u missing-key: is a matrix without a shape; give "columns" (or "rows")',
    ],
    [
      'u: { elements: 8, layout: matrix, columns: 3 }',
      '4:46 objects.u.columns wrong-value: 3 columns do not give 8 elements',
    ],
    [
      'u: { elements: 8, layout: matrix, rows: 2, columns: 3 }',
      '4:55 objects.u.columns wrong-value: 2 rows × 3 columns do not give 8 elements',
    ],
    [
      'u: { layout: matrix, columns: 3 }',
      '4:3 objects.u missing-key: has no size; give "size" or "elements" and "columns", or both "rows" and "columns"',
    ],
    [
      'u: { elements: 8, layout: matirx, columns: 3 }',
      '4:29 objects.u.layout wrong-value: is "matirx"; did you mean "matrix"? (expected one of array, matrix, list, tree, table)',
    ],
    [
      '{ "u v": { elements: 8 }, u: { elements: 1 } }',
      '4:5 objects.u v bad-name: "u v" is not an object name; expected a letter or _, then up to 63 letters, digits, _ or -',
    ],
  ])('object %s', (text, expected) => {
    expect(problems(objects(text))).toEqual([expected]);
  });

  it.each([
    ['{ read: w }', '8:33', '.read unknown-object: there is no object "w"; did you mean "u"?'],
    [
      '{ pattern: reverse }',
      '8:25',
      ' missing-key: does nothing; expected one of read, write, readwrite, atomic, together, stencil, gemm, such as { read: u }',
    ],
    ['{ read: u, write: v }', '8:36', '.write wrong-value: "read" and "write" in one access; make two of them'],
    [
      '{ read: u, stride: 3 }',
      '8:36',
      '.stride wrong-key: "stride" is only for pattern strided; the pattern here is sequential',
    ],
    [
      '{ read: u, pattern: zipf, passes: 3 }',
      '8:51',
      '.passes wrong-key: "passes" is only for pattern chase; the pattern here is zipf',
    ],
    [
      '{ read: u, pattern: reverse, direction: forward }',
      '8:54',
      '.direction wrong-key: "direction" is only for pattern sequential or strided; the pattern here is reverse',
    ],
    [
      '{ read: u, pattern: strided }',
      '8:25',
      ' missing-key: pattern strided needs "stride", in elements, such as stride: 16',
    ],
    [
      '{ read: u, pattern: random }',
      '8:25',
      ' missing-key: pattern random needs "count", the number of accesses, such as count: 65536',
    ],
    [
      '{ read: u, bytes: [0, 100] }',
      '8:43',
      '.bytes wrong-range: [0, 100) is not inside u; expected 0 ≤ from < to ≤ 64 (bytes)',
    ],
    [
      '{ read: u, bytes: [0, 9] }',
      '8:43',
      '.bytes wrong-range: 9 bytes are not a whole number of accesses of 8 bytes; change the range or give "element"',
    ],
    [
      '{ read: u, bytes: [0, 1KB] }',
      '8:43',
      '.bytes wrong-range: "1KB": "KB" is not one of the units B, KiB, MiB, GiB, TiB; write 1KiB',
    ],
    [
      '{ read: u, bytes: [0.5, 8] }',
      '8:43',
      '.bytes wrong-range: 0.5 is not a byte offset; expected a whole number from 0',
    ],
    [
      '{ read: u, elements: [4, 4] }',
      '8:46',
      '.elements wrong-range: [4, 4) is not inside u; expected 0 ≤ from < to ≤ 8 (elements)',
    ],
    [
      '{ read: u, part: [0, 0.1] }',
      '8:42',
      '.part wrong-range: part [0, 0.1) of 8 elements is empty; expected 0 ≤ from < to ≤ 1, further apart',
    ],
    [
      '{ read: u, part: [0, 1], bytes: [0, 8] }',
      '8:42',
      '.part wrong-range: both "bytes" and "part" select a part; keep one of them',
    ],
    [
      '{ read: u, element: 24B }',
      '8:45',
      '.element wrong-range: u has 64 bytes, not a whole number of accesses of 24 bytes; choose a part with "bytes"',
    ],
    [
      '{ together: [ { read: u }, { write: v, part: [0, 0.5] } ] }',
      '8:52',
      '.together[1] unequal-lanes: makes 4 accesses, the first of the group 8; accesses in lock step must be equally many',
    ],
    [
      '{ together: [ { read: u, pattern: chase } ] }',
      '8:59',
      '.together[0].pattern wrong-value: pattern chase is not allowed in lock step; expected sequential, reverse, strided or random',
    ],
    [
      '{ together: [ { read: u } ], stride: 2 }',
      '8:54',
      '.stride wrong-key: "stride" is not allowed with "together"; only "direction" is',
    ],
    [
      '{ gemm: { a: u, b: u, c: u, n: 2 }, read: u }',
      '8:61',
      '.read wrong-key: "read" is not allowed with "gemm"; make it a loop of its own',
    ],
    ['{ gemm: { a: u, b: u, c: m, n: 3 } }', '8:38', '.gemm.a wrong-range: u has 8 elements; the product needs 3 × 3'],
    [
      '{ stencil: { read: u, write: v, points: 5 } }',
      '8:65',
      '.stencil.points wrong-value: 5 points need a matrix; u is array. Give it layout: matrix and columns',
    ],
    [
      '{ stencil: { read: m, write: v, points: 7 } }',
      '8:65',
      '.stencil.points wrong-value: 7 points do not fit m, which has 1 planes; expected 5 or 9 for one plane, 7 for more',
    ],
    [
      '{ stencil: { read: m, write: v, points: 4 } }',
      '8:65',
      '.stencil.points wrong-value: is 4; expected 3 (1-D), 5 or 9 (2-D) or 7 (3-D)',
    ],
    [
      '{ stencil: { read: u, write: v, points: 3, also: [ { read: u, part: [0, 0.5] } ] } }',
      '8:76',
      '.stencil.also[0] unequal-lanes: expected a plain access to 8 elements in order, as many as u has',
    ],
  ])('loop %s', (loop, at, expected) => {
    const all = problems(inLoop(loop));
    expect(all[0]).toBe(`${at} ${LOOP}${expected}`);
    if (!loop.includes('gemm')) expect(all.length).toBe(1);
  });

  it.each([
    [
      '{ on: gpu6, do: [ { read: u } ] }',
      '8:13 phases[0].steps[0].on wrong-value: is "gpu6"; expected cpu, gpu or gpu0 … gpu5',
    ],
    ['{ swap: [u, w] }', '8:19 phases[0].steps[0].swap[1] unknown-object: there is no object "w"; did you mean "u"?'],
    [
      '{ swap: [u, u] }',
      '8:15 phases[0].steps[0].swap wrong-value: "u" cannot be swapped with itself; expected two objects',
    ],
    [
      '{ swap: [u, m] }',
      '8:15 phases[0].steps[0].swap wrong-value: "u" and "m" differ in size, element or shape; only equal objects can exchange their storage',
    ],
    [
      '{ swap: [u, v], on: cpu }',
      '8:23 phases[0].steps[0].on wrong-key: "on" is not allowed with "swap", which is a step of its own; make two steps',
    ],
    [
      '{ swap: [u] }',
      '8:15 phases[0].steps[0].swap wrong-value: is a list of 1; expected two names of objects, such as [u, unew]',
    ],
    [
      '{ on: cpu, iterations: { from: 2 }, do: [ { read: u } ] }',
      '8:30 phases[0].steps[0].iterations wrong-value: the step never runs: the phase has 1 iterations, the step begins at 2 and ends at 1',
    ],
  ])('step %s', (step, expected) => {
    expect(problems(inPhase(step))).toEqual([expected]);
  });

  it('names of phases are unique and can be written in a change', () => {
    const step = 'steps: [ { on: cpu, do: [ { read: u } ] } ]';
    expect(problems(`${head}phases:\n - { name: p, ${step} }\n - { name: p, ${step} }`)).toEqual([
      '6:12 phases[1].name duplicate-name: there is already a phase "p"; names of phases are unique',
    ]);
    expect(problems(`${head}phases:\n - { name: "p[1]", ${step} }`)[0]).toMatch(/^5:12 phases\[0\]\.name bad-name/);
  });

  it('the rest of the head', () => {
    expect(problems(`granularity: 8KiB\ndeviceMemory: 1\nusefulBytes: yes\n${inLoop('{ read: u }')}`)).toEqual([
      '2:15 deviceMemory wrong-value: is 1; expected a size with its unit, such as "32MiB" (B, KiB, MiB, GiB, TiB)',
      '3:14 usefulBytes wrong-value: is "yes"; expected true or false',
    ]);
    expect(problems(`granularity: 8KiB\ndeviceMemory: 0B\n${inLoop('{ read: u }')}`)).toEqual([
      '1:14 granularity wrong-value: is 8KiB; expected 4KiB, 64KiB or 2MiB',
      '2:15 deviceMemory limit: 0 bytes; expected 1 B to 2^47 bytes',
    ]);
  });

  it('expect names fields of the summary', () => {
    const expectations =
      'expect:\n  gpuFalts: 1\n  objects.w.evictions: 1\n  objects.u.evictons: 1\n  gpuFaults: {}\n  cpuFaults: many\n';
    expect(problems(`${expectations.replace(/ {2}cpuFaults.*\n/, '')}${inLoop('{ read: u }')}`)).toEqual([
      '2:3 expect.gpuFalts unknown-key: "gpuFalts" is not a total of a run; did you mean "gpuFaults"?, or objects.NAME.FIELD',
      '3:3 expect.objects.w.evictions unknown-object: there is no object "w"; did you mean "u"?',
      '4:3 expect.objects.u.evictons unknown-key: "evictons" is not a number of an object; did you mean "evictions"?',
      '5:14 expect.gpuFaults wrong-value: expects nothing; give a number, or "min" or "max"',
    ]);
    expect(problems(`${expectations}${inLoop('{ read: u }')}`)).toEqual([
      '6:14 expect.cpuFaults wrong-value: is "many"; expected a number, or { min, max }',
    ]);
  });
});

it('a place can be asked for later, for problems that others find', () => {
  const workload = loadWorkload(
    `policies: { eviction: nonsense }\nchanges:\n  - "x"\n${inLoop('{ read: u }')}`,
    'ok.yaml',
  );
  expect(placeInWorkload(workload, ['changes', 0])).toEqual({
    file: 'ok.yaml',
    line: 3,
    column: 5,
    path: 'changes[0]',
  });
  expect(placeInWorkload(workload, ['policies', 'eviction'])).toMatchObject({ line: 1, column: 23 });
  expect(placeInWorkload(workload, ['machine'])).toMatchObject({ line: 1, column: 1 });
});
