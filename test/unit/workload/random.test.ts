import { describe, expect, it } from 'vitest';
import { power } from '../../../src-core/base/math';
import { drawState, fillRanks, fillUniform } from '../../../src-core/workload/draws';
import { createTables } from '../../../src-core/workload/tables';
import { expand, oneStep } from './expand';

const numbers = (text: string, seed?: number): number[] => expand(text, seed).accesses.map((access) => access.at / 8);

describe('uniform draws', () => {
  it('stay inside the range and reach all of it', () => {
    const list = numbers(oneStep('a: { elements: 10 }', '{ read: a, pattern: random, count: 2000, elements: [3, 8] }'));
    expect(list.length).toBe(2000);
    expect([...new Set(list)].sort((x, y) => x - y)).toEqual([3, 4, 5, 6, 7]);
  });

  it('are uniform: chi-squared over 64 numbers is ordinary', () => {
    const into = new Uint32Array(64_000);
    fillUniform(drawState(1, 'x'), into, into.length, 64);
    const counts = new Float64Array(64);
    for (const value of into) counts[value]!++;
    const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi).toBeGreaterThan(30); // 63 degrees of freedom: 0.01 % and 99.99 % quantiles are about 28 and 115
    expect(chi).toBeLessThan(115);
  });

  it.each([1, 2, 3, 1000, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32])(
    'limit %i: same numbers whatever the batch size',
    (limit) => {
      const whole = new Uint32Array(1000);
      fillUniform(drawState(5, 'y'), whole, 1000, limit);
      const state = drawState(5, 'y');
      const pieces: number[] = [];
      const piece = new Uint32Array(7);
      while (pieces.length < 1000) {
        fillUniform(state, piece, 7, limit);
        pieces.push(...piece);
      }
      expect(pieces.slice(0, 1000)).toEqual([...whole]);
      expect(Math.max(...whole)).toBeLessThan(limit);
      if (limit >= 2 ** 31) expect(Math.max(...whole)).toBeGreaterThan(limit * 0.98);
    },
  );

  it('go on from iteration to iteration, and differ between loops, steps of one name and seeds', () => {
    const loop = '{ read: a, pattern: random, count: 8 }';
    const objects = 'a: { elements: 1000000 }';
    const twice = numbers(oneStep(objects, loop, 'repeat: 2,'));
    expect(twice.slice(8)).not.toEqual(twice.slice(0, 8));
    const both = numbers(oneStep(objects, `${loop}, ${loop}`));
    expect(both.slice(8)).not.toEqual(both.slice(0, 8));
    expect(both.slice(0, 8)).toEqual(twice.slice(0, 8));
    const steps = `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, steps: [ { on: gpu, name: k, do: [ ${loop} ] }, { on: gpu, name: k, do: [ ${loop} ] } ] } ]`;
    const named = numbers(steps);
    expect(named.slice(8)).not.toEqual(named.slice(0, 8));
    expect(numbers(oneStep(objects, loop), 2)).not.toEqual(numbers(oneStep(objects, loop), 1));
  });
});

describe('tables of generators', () => {
  it('are shared between sources with the same parameters, and permutations only with the same seed', () => {
    const [first, second, other] = [createTables(7), createTables(7), createTables(8)];
    expect(second.zipf(1000, 1)).toBe(first.zipf(1000, 1));
    expect(other.zipf(1000, 1)).toBe(first.zipf(1000, 1));
    expect(second.zipf(1000, 2)).not.toBe(first.zipf(1000, 1));
    expect(second.permutation('chase', 'a', 1000)).toBe(first.permutation('chase', 'a', 1000));
    expect(other.permutation('chase', 'a', 1000)).not.toEqual(first.permutation('chase', 'a', 1000));
    expect(second.permutation('zipf', 'a', 1000)).not.toEqual(first.permutation('chase', 'a', 1000));
  });
});

describe('Zipf draws', () => {
  it('the guide table gives the rank of a plain search', () => {
    for (const [elements, exponent] of [
      [1, 1],
      [2, 0],
      [100, 1.05],
      [3000, 0.5],
      [5000, 3],
    ] as const) {
      const table = createTables(1).zipf(elements, exponent);
      const weights = Array.from({ length: elements }, (_, i) => 1 / power(i + 1, exponent));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      expect(table.cumulative.at(-1)).toBe(total);
      // The same 53-bit numbers, drawn one by one through the uniform filler.
      const state = drawState(3, 'z');
      const raw = new Uint32Array(4000);
      fillUniform(drawState(3, 'z'), raw, raw.length, 2 ** 32);
      const ranks = new Uint32Array(2000);
      fillRanks(state, ranks, 2000, table);
      for (let i = 0; i < 2000; i++) {
        const unit = (raw[2 * i]! * 2097152 + (raw[2 * i + 1]! >>> 11)) / 9007199254740992;
        const plain = table.cumulative.findIndex((sum) => sum > unit * total);
        expect(ranks[i]).toBe(plain < 0 ? elements - 1 : plain);
      }
    }
  });

  it('sorted placement: rank 0 is element 0, with its share of the weight', () => {
    const list = numbers(
      oneStep('a: { elements: 1000 }', '{ read: a, pattern: zipf, count: 20000, s: 1, placement: sorted }'),
    );
    const harmonic = Array.from({ length: 1000 }, (_, i) => 1 / (i + 1)).reduce((sum, weight) => sum + weight, 0);
    const share = list.filter((value) => value === 0).length / list.length;
    expect(share).toBeGreaterThan(0.95 / harmonic);
    expect(share).toBeLessThan(1.05 / harmonic);
  });

  it('hashed placement: the sorted ranks through one permutation, the same in every loop', () => {
    const zipf = (placement: string): string =>
      `{ read: a, pattern: zipf, count: 500, s: 1.2, placement: ${placement} }`;
    const sorted = numbers(oneStep('a: { elements: 64 }', `${zipf('sorted')}, ${zipf('sorted')}`));
    const hashed = numbers(oneStep('a: { elements: 64 }', `${zipf('hashed')}, ${zipf('hashed')}`));
    const rowOf = new Map<number, number>();
    for (const [i, rank] of sorted.entries()) {
      expect(rowOf.get(rank) ?? hashed[i]).toBe(hashed[i]);
      rowOf.set(rank, hashed[i]!);
    }
    expect(new Set(rowOf.values()).size).toBe(rowOf.size);
    expect([...rowOf].some(([rank, row]) => rank !== row)).toBe(true);
  });
});

describe('pointer chase', () => {
  it('visits every element once per pass, in the same order in every pass, loop and step, each depending on the last', () => {
    const expanded = expand(
      oneStep(
        'a: { elements: 50 }',
        '{ read: a, pattern: chase, passes: 2 }, { write: a, pattern: chase }',
        'repeat: 2,',
      ),
    );
    const order = expanded.accesses.map((access) => access.at);
    const pass = order.slice(0, 50);
    expect([...pass].sort((x, y) => x - y)).toEqual(Array.from({ length: 50 }, (_, i) => 8 * i));
    expect(pass).not.toEqual([...pass].sort((x, y) => x - y));
    for (let i = 0; i < 6; i++) expect(order.slice(50 * i, 50 * i + 50)).toEqual(pass);
    expect(expanded.accesses.every((access) => access.dependent)).toBe(true);
    expect(expanded.accesses.filter((access) => access.op === 'write').length).toBe(100);
  });

  it('crosses batch borders: 100,000 elements, 3 passes', () => {
    const { accesses } = expand(
      oneStep('a: { elements: 100000, element: i8 }', '{ read: a, pattern: chase, passes: 3 }'),
    );
    expect(accesses.length).toBe(300_000);
    for (let i = 0; i < 100_000; i += 997) expect(accesses[i + 200_000]?.at).toBe(accesses[i]?.at);
    expect(new Set(accesses.slice(100_000, 200_000).map((access) => access.at)).size).toBe(100_000);
  });

  it('the links stay with the storage when names are swapped', () => {
    const text = `faultline: 1\nname: t\nobjects: { a: { elements: 40 }, b: { elements: 40 } }
phases: [ { name: p, repeat: 3, steps: [ { on: gpu, do: [ { read: a, pattern: chase } ] }, { swap: [a, b] } ] } ]`;
    const { accesses } = expand(text);
    const passes = [0, 1, 2].map((i) => accesses.slice(40 * i, 40 * i + 40));
    expect(passes.map((pass) => pass[0]?.object)).toEqual(['a', 'b', 'a']);
    const order = passes.map((pass) => pass.map((access) => access.at));
    expect(order[2]).toEqual(order[0]);
    expect(order[1]).not.toEqual(order[0]);
  });
});
