/** Random workload files, so that the language, the compiler and the engine are driven together. */
import { randomStream } from '../../src-core/base/random';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import { compileWorkload, loadWorkload } from '../../src-core/workload';

export function randomWorkloadText(seed: number): string {
  const random = randomStream(seed, 'workload text');
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const rows = 2 + random.below(40);
  const columns = 2 + random.below(60);
  const cells = rows * columns;
  const rowsOfTable = 10 + random.below(300);
  const element = pick(['f64', '12B', '24B', 'f32']);
  const initially = (): string => pick(['', ', initially: host']);
  const verb = (): string => pick(['read', 'read', 'write', 'write', 'readwrite', 'atomic']);
  const grid = (): string => pick(['u', 'v', 'w']);
  const range = (): string => {
    const from = random.below(cells);
    return pick([
      '',
      '',
      `, elements: [${from}, ${from + 1 + random.below(cells - from)}]`,
      ', part: [0, 0.5]',
      ', part: [0.5, 1]',
    ]);
  };
  const direction = (): string => pick(['', '', ', direction: alternate', ', direction: reverse']);
  const loop = (): string =>
    pick([
      () => `{ ${verb()}: ${grid()}${range()}${direction()} }`,
      () => `{ ${verb()}: ${grid()}${range()}${direction()} }`,
      () => `{ ${verb()}: ${grid()}, pattern: strided, stride: ${1 + random.below(900)}${range()}${direction()} }`,
      () => `{ ${verb()}: ${grid()}, pattern: random, count: ${1 + random.below(200)}${range()} }`,
      () =>
        `{ ${verb()}: t, pattern: zipf, count: ${1 + random.below(200)}, s: ${random.below(200) / 100}, placement: ${pick(['hashed', 'sorted'])} }`,
      () => `{ ${verb()}: t, pattern: chase, passes: ${1 + random.below(2)} }`,
      () =>
        `{ together: [ { ${verb()}: ${grid()} }, { ${verb()}: ${grid()} }, { ${verb()}: ${grid()} } ]${direction()} }`,
      () => `{ stencil: { read: ${grid()}, write: ${grid()}, points: ${pick([3, 5, 9])} }${direction()} }`,
      () =>
        `{ gemm: { a: x, b: x, c: x, n: ${2 + random.below(6)}, tile: ${1 + random.below(5)}, beta: ${random.below(2)} } }`,
    ])();
  const loops = (): string => Array.from({ length: 1 + random.below(2) }, loop).join(', ');
  const step = (): string => `{ on: ${pick(['cpu', 'gpu', 'gpu', 'gpu1'])}, do: [ ${loops()} ] }`;
  const part = (): string =>
    pick([
      step,
      step,
      step,
      () => '{ swap: [u, v] }',
      () => `{ concurrently: { quantum: ${pick([1, 3, 10, 333])}, steps: [ ${step()}, ${step()} ] } }`,
    ])();
  const phases = Array.from(
    { length: 1 + random.below(2) },
    (_, index) =>
      `  - { name: p${index}, repeat: ${1 + random.below(3)}, steps: [ ${Array.from({ length: 1 + random.below(3) }, part).join(', ')} ] }`,
  );
  const matrix = `{ layout: matrix, rows: ${rows}, columns: ${columns}, element: ${element}`;
  return [
    'faultline: 1',
    `name: random ${seed}`,
    'objects:',
    `  u: ${matrix}${initially()} }`,
    `  v: ${matrix} }`,
    `  w: ${matrix}${initially()} }`,
    `  x: { elements: 64, element: f64 }`,
    `  t: { elements: ${rowsOfTable}, element: ${pick(['100B', '16B', '24B'])}${initially()} }`,
    'phases:',
    ...phases,
    '',
  ].join('\n');
}

export const randomWorkload = (seed: number): AccessSource =>
  compileWorkload(loadWorkload(randomWorkloadText(seed), `random-${seed}.yaml`));
