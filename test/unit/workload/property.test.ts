import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';
import { expand } from './expand';

/** A random workload over three grids of one shape, one array and one table. */
function makeText(seed: number): string {
  const random = randomStream(seed, 'workload property');
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const rows = 1 + random.below(6);
  const columns = 1 + random.below(6);
  const cells = rows * columns;
  const verb = (): string => pick(['read', 'write', 'readwrite', 'atomic']);
  const name = (): string => pick(['u', 'v', 'w']);
  const range = (): string => {
    const from = random.below(cells);
    return pick([
      '',
      `, elements: [${from}, ${from + 1 + random.below(cells - from)}]`,
      `, bytes: [${8 * from}, ${8 * cells}]`,
    ]);
  };
  const direction = (): string => pick(['', ', direction: alternate', ', direction: reverse']);
  const loop = (): string =>
    pick([
      () => `{ ${verb()}: ${name()}${range()}${direction()} }`,
      () => `{ ${verb()}: ${name()}, pattern: strided, stride: ${1 + random.below(9)}${range()}${direction()} }`,
      () => `{ ${verb()}: ${name()}, pattern: random, count: ${1 + random.below(40)}${range()} }`,
      () =>
        `{ ${verb()}: t, pattern: zipf, count: ${1 + random.below(40)}, s: ${random.below(300) / 100}, placement: ${pick(['hashed', 'sorted'])} }`,
      () => `{ ${verb()}: t, pattern: chase, passes: ${1 + random.below(3)} }`,
      () => `{ together: [ { ${verb()}: ${name()} }, { ${verb()}: ${name()} } ]${direction()} }`,
      () =>
        `{ together: [ { ${verb()}: ${name()} }, { ${verb()}: t, pattern: random }, { ${verb()}: ${name()}, pattern: random${pick(['', ', index: k'])} } ]${direction()} }`,
      () =>
        `{ stencil: { read: ${name()}, write: ${name()}, points: ${pick([3, 5, 9])}, also: [ { ${verb()}: w } ] }${direction()} }`,
      () =>
        `{ gemm: { a: x, b: x, c: x, m: ${1 + random.below(5)}, n: ${1 + random.below(5)}, k: ${1 + random.below(5)}, tile: ${1 + random.below(4)}, beta: ${random.below(2)} } }`,
    ])();
  const loops = (): string => Array.from({ length: 1 + random.below(3) }, loop).join(', ');
  const step = (): string =>
    `{ on: ${pick(['cpu', 'gpu', 'gpu2'])}, repeat: ${1 + random.below(2)}, iterations: { from: ${1 + random.below(2)}, every: ${1 + random.below(3)} }, do: [ ${loops()} ] }`;
  const part = (): string =>
    pick([step, step, () => '{ swap: [u, v] }', () => `{ concurrently: { steps: [ ${step()}, ${step()} ] } }`])();
  const phases = Array.from(
    { length: 1 + random.below(3) },
    (_, i) =>
      `  - { name: p${i}, repeat: ${2 + random.below(3)}, steps: [ ${Array.from({ length: 1 + random.below(3) }, part).join(', ')} ] }`,
  );
  const grid = `{ layout: matrix, rows: ${rows}, columns: ${columns} }`;
  return `faultline: 1\nname: p\nobjects: { u: ${grid}, v: ${grid}, w: ${grid}, x: { elements: 25 }, t: { elements: 20, element: 16B } }\nphases:\n${phases.join('\n')}\n`;
}

describe('random workloads', () => {
  it('expand to exactly as many accesses as announced, all inside their objects, the same each time', () => {
    let accesses = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const text = makeText(seed);
      const expanded = expand(text);
      expect(expanded.accesses.length, `seed ${seed}:\n${text}`).toBe(expanded.total);
      accesses += expanded.accesses.length;
      if (seed % 10 === 0) expect(expand(text)).toEqual(expanded);
      const source = compileWorkload(loadWorkload(text, 'f'));
      for (const access of expanded.accesses) {
        const object = source.space.objects.find((entry) => entry.name === access.object);
        if (access.at + access.bytes > (object?.bytes ?? 0))
          throw new Error(`seed ${seed}: ${access.op} past ${access.object}`);
      }
    }
    expect(accesses).toBeGreaterThan(50_000);
  });
});
