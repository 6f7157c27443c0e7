/** Random accesses in lock step. */
import { describe, expect, it } from 'vitest';
import { BATCH_GROUPS } from '../../../src-core/contracts/access-stream';
import { Refusal } from '../../../src-core/model/refusal';
import { loadWorkload } from '../../../src-core/workload';
import { expand, lines, oneStep } from './expand';

const OBJECTS = 'a: { elements: 6 }, x: { elements: 10 }, y: { elements: 10 }, z: { elements: 5 }';
const run = (lanes: string, more = '') => expand(oneStep(OBJECTS, `{ together: [ ${lanes} ]${more} }`));
/** Element numbers of the accesses to one object. */
const elementsOf = (name: string, expanded: ReturnType<typeof expand>): number[] =>
  expanded.accesses.filter(({ object }) => object === name).map(({ at }) => at / 8);

function problemsOf(lanes: string): string[] {
  try {
    loadWorkload(oneStep(OBJECTS, `{ together: [ ${lanes} ] }`), 'f');
  } catch (cause) {
    if (cause instanceof Refusal) return cause.details.map(({ message, place }) => `${place?.path ?? ''}: ${message}`);
    throw cause;
  }
  return [];
}

describe('a gather', () => {
  it('goes on in the plain lanes and draws in the others, one access of each in turn', () => {
    const expanded = run('{ read: a }, { read: x, pattern: random }, { write: a }');
    expect(elementsOf('a', expanded)).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(expanded.accesses.map(({ op, object }) => `${op} ${object}`).slice(0, 4)).toEqual([
      'read a',
      'read x',
      'write a',
      'read a',
    ]);
    expect(expanded.total).toBe(18);
    expect(expanded.accesses).toHaveLength(18);
  });

  it('goes on in the plain lanes beyond one batch of the stream', () => {
    const count = BATCH_GROUPS + 5;
    const expanded = expand(
      oneStep(
        `b: { elements: ${count} }, x: { elements: 10 }`,
        '{ together: [ { read: b }, { read: x, pattern: random } ] }',
      ),
    );
    expect(elementsOf('b', expanded)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(elementsOf('x', expanded)).toHaveLength(count);
  });

  it('draws uniformly from the part of the object that is named, in either direction of the other lanes', () => {
    const lanes = '{ read: a, direction: reverse }, { read: x, pattern: random, elements: [2, 5] }';
    const expanded = run(lanes);
    expect(elementsOf('a', expanded)).toEqual([5, 4, 3, 2, 1, 0]);
    const drawn = expand(
      oneStep(OBJECTS, '{ together: [ { read: x, pattern: random, count: 3000, elements: [2, 5] } ] }'),
    );
    const counts = [2, 3, 4].map((element) => elementsOf('x', drawn).filter((each) => each === element).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(3000);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('visits the same element where accesses share an index, and another where they do not', () => {
    const shared = run('{ read: x, pattern: random, index: k, count: 50 }, { write: y, pattern: random, index: k }');
    expect(elementsOf('y', shared)).toEqual(elementsOf('x', shared));
    const apart = run('{ read: x, pattern: random, count: 50 }, { write: y, pattern: random }');
    expect(elementsOf('y', apart)).not.toEqual(elementsOf('x', apart));
  });

  it('goes on drawing from iteration to iteration, and is the same each time the file is run', () => {
    const text = oneStep(OBJECTS, '{ together: [ { read: a }, { read: x, pattern: random } ] }', 'repeat: 2,');
    expect(lines(expand(text))).toEqual(lines(expand(text)));
    const drawn = elementsOf('x', expand(text));
    expect(drawn.slice(0, 6)).not.toEqual(drawn.slice(6));
    expect(lines(expand(text, 7))).not.toEqual(lines(expand(text)));
  });
});

it.each([
  ['{ read: x, pattern: random }', ': only draws random elements; give one of them "count"'],
  ['{ read: a }, { read: x, pattern: random, count: 7 }', '[1]: makes 7 accesses, the first of the group 6'],
  [
    '{ read: x, pattern: random, index: k, count: 3 }, { read: z, pattern: random, index: k }',
    '[1].index: draws "k" from 5 elements, the first of that name from 10',
  ],
  ['{ read: a, index: k }', '[0].index: "index" is only for pattern random'],
  ['{ read: a }, { read: x, pattern: zipf, count: 6 }', '[1].pattern: pattern zipf is not allowed in lock step'],
])('refuses %s', (lanes, message) => {
  expect(problemsOf(lanes).join('\n')).toContain(`together${message}`);
});

it('refuses an index outside lock step', () => {
  const text = oneStep(OBJECTS, '{ read: x, pattern: random, count: 3, index: k }');
  expect(() => loadWorkload(text, 'f')).toThrow('"index" is only for accesses in lock step');
});
