import { describe, expect, it } from 'vitest';
import { expand, lines, oneStep } from './expand';

const A = 'a: { elements: 6, element: f64 }';
const run = (objects: string, loops: string, phase = ''): string[] => lines(expand(oneStep(objects, loops, phase)));
const at = (list: readonly string[]): number[] => list.map((line) => Number(line.split('+')[1]));

describe('access patterns, element by element', () => {
  it('sequential: every element once, ascending, in one group', () => {
    const expanded = expand(oneStep(A, '{ read: a }'));
    expect(lines(expanded)).toEqual(['read a+0', 'read a+8', 'read a+16', 'read a+24', 'read a+32', 'read a+40']);
    expect(expanded.groups).toBe(1);
    expect(expanded.accesses[0]?.bytes).toBe(8);
  });

  it('each verb is its own kind of access', () => {
    expect(run('a: { elements: 1 }', '{ read: a }, { write: a }, { readwrite: a }, { atomic: a }')).toEqual([
      'read a+0',
      'write a+0',
      'read-write a+0',
      'atomic a+0',
    ]);
  });

  it('reverse: descending', () => {
    expect(at(run(A, '{ read: a, pattern: reverse }'))).toEqual([40, 32, 24, 16, 8, 0]);
    expect(at(run(A, '{ read: a, direction: reverse }'))).toEqual([40, 32, 24, 16, 8, 0]);
  });

  it('strided: every n-th element, once; in reverse from the last of them', () => {
    expect(at(run('a: { elements: 7 }', '{ read: a, pattern: strided, stride: 3 }'))).toEqual([0, 24, 48]);
    expect(at(run('a: { elements: 8 }', '{ read: a, pattern: strided, stride: 3, direction: reverse }'))).toEqual([
      48, 24, 0,
    ]);
    expect(at(run(A, '{ read: a, pattern: strided, stride: 100 }'))).toEqual([0]);
  });

  it('alternate: forward on odd iterations of the phase, in reverse on even ones', () => {
    expect(at(run('a: { elements: 2 }', '{ read: a, direction: alternate }', 'repeat: 3,'))).toEqual([
      0, 8, 8, 0, 0, 8,
    ]);
  });

  it('ranges in bytes, elements and fractions', () => {
    expect(at(run(A, '{ read: a, bytes: [8, 24] }'))).toEqual([8, 16]);
    expect(at(run('a: { size: 8KiB, element: 4KiB }', '{ read: a, bytes: [4KiB, 8KiB] }'))).toEqual([4096]);
    expect(at(run(A, '{ read: a, elements: [4, 6] }'))).toEqual([32, 40]);
    expect(at(run(A, '{ read: a, part: [0.5, 1] }'))).toEqual([24, 32, 40]);
    expect(at(run('a: { elements: 5 }', '{ read: a, part: [0, 0.5] }'))).toEqual([0, 8]);
  });

  it('`element` changes the width of an access, and stride and numbering follow', () => {
    const { accesses } = expand(
      oneStep('a: { elements: 4, element: 16B }', '{ write: a, bytes: [4, 12], element: i32 }'),
    );
    expect(accesses.map((access) => [access.at, access.bytes])).toEqual([
      [4, 4],
      [8, 4],
    ]);
    expect(at(run('a: { elements: 4, element: 16B }', '{ read: a, element: i64, elements: [1, 3] }'))).toEqual([8, 16]);
    expect(
      at(run('a: { elements: 4, element: 16B }', '{ read: a, element: i64, pattern: strided, stride: 3 }')),
    ).toEqual([0, 24, 48]);
  });

  it('together: one access of each lane per element, in one group', () => {
    const expanded = expand(
      oneStep('a: { elements: 2 }, b: { elements: 2, element: f32 }', '{ together: [ { read: a }, { write: b } ] }'),
    );
    expect(lines(expanded)).toEqual(['read a+0', 'write b+0', 'read a+8', 'write b+4']);
    expect(expanded.groups).toBe(1);
  });

  it('together takes a direction for all lanes that give none', () => {
    const loops = '{ together: [ { read: a }, { write: a, direction: forward } ], direction: reverse }';
    expect(run('a: { elements: 2 }', loops)).toEqual(['read a+8', 'write a+0', 'read a+0', 'write a+8']);
  });

  it('together allows different strides with equal counts', () => {
    const loops = '{ together: [ { read: a, pattern: strided, stride: 3 }, { write: b } ] }';
    expect(run('a: { elements: 6 }, b: { elements: 2 }', loops)).toEqual([
      'read a+0',
      'write b+0',
      'read a+24',
      'write b+8',
    ]);
  });

  it('many groups cross batches without loss', () => {
    const loops = Array.from({ length: 300 }, () => '{ read: a }').join(', ');
    const expanded = expand(oneStep('a: { elements: 1 }', loops).replace('on: gpu,', 'on: gpu, repeat: 30,'));
    expect(expanded.accesses.length).toBe(9000);
    expect(expanded.steps.length).toBe(30);
    const lanes = Array.from({ length: 64 }, () => '{ read: a }').join(', ');
    const wide = Array.from({ length: 300 }, () => `{ together: [ ${lanes} ] }`).join(', ');
    expect(expand(oneStep('a: { elements: 1 }', wide)).accesses.length).toBe(300 * 64);
  });
});

describe('stencils', () => {
  it('3 points in one dimension: the ends lack a neighbour', () => {
    expect(run('u: { elements: 4 }, v: { elements: 4 }', '{ stencil: { read: u, write: v, points: 3 } }')).toEqual([
      ...['read u+0', 'read u+8', 'write v+0'],
      ...['read u+0', 'read u+8', 'read u+16', 'write v+8'],
      ...['read u+8', 'read u+16', 'read u+24', 'write v+16'],
      ...['read u+16', 'read u+24', 'write v+24'],
    ]);
  });

  const grid = (dims: string): string =>
    ['u', 'v', 'r'].map((name) => `${name}: { element: i8, layout: matrix, ${dims} }`).join(', ');

  /** The obvious model: visit every element, read what is inside. */
  function slow([planes, rows, columns]: readonly [number, number, number], points: number, reverse = false): string[] {
    const steps = [-1, 0, 1];
    const offsets = steps.flatMap((z) => steps.flatMap((y) => steps.map((x) => [z, y, x] as const)));
    const used = offsets.filter(([z, y, x]) => {
      const away = Math.abs(z) + Math.abs(y) + Math.abs(x);
      return points === 9 ? z === 0 : points === 7 ? away <= 1 : z === 0 && away <= 1;
    });
    const out: string[][] = [];
    for (let z = 0; z < planes; z++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++) {
          const element: string[] = [];
          for (const [dz, dy, dx] of used) {
            const [nz, ny, nx] = [z + dz, y + dy, x + dx];
            if (nz >= 0 && nz < planes && ny >= 0 && ny < rows && nx >= 0 && nx < columns)
              element.push(`read u+${(nz * rows + ny) * columns + nx}`);
          }
          const own = (z * rows + y) * columns + x;
          out.push([...element, `write v+${own}`, `write r+${own}`]);
        }
    return (reverse ? out.reverse() : out).flat();
  }

  it.each([
    [5, [1, 4, 5], 'rows: 4, columns: 5'],
    [9, [1, 4, 5], 'rows: 4, columns: 5'],
    [5, [1, 3, 1], 'rows: 3, columns: 1'],
    [9, [1, 1, 3], 'rows: 1, columns: 3'],
    [9, [1, 3, 2], 'rows: 3, columns: 2'],
    [7, [3, 2, 4], 'planes: 3, rows: 2, columns: 4'],
  ] as const)('%i points over %j equal the obvious model', (points, dims, text) => {
    const loop = `{ stencil: { read: u, write: v, points: ${points}, also: [ { write: r } ] } }`;
    const expanded = expand(oneStep(grid(text), loop));
    expect(lines(expanded)).toEqual(slow(dims, points));
    expect(expanded.accesses.length).toBe(expanded.total);
    expect(expanded.groups).toBe(dims[0] * dims[1] * Math.min(3, dims[2]));
    expect(run(grid(text), loop.replace(/ }$/, ', direction: reverse }'))).toEqual(slow(dims, points, true));
  });
});

describe('gemm', () => {
  const objects = 'A: { elements: 6, element: i8 }, B: { elements: 6, element: i8 }, C: { elements: 4, element: i8 }';
  it('tiles of A and B are read row by row, C is written after its sums', () => {
    expect(run(objects, '{ gemm: { a: A, b: B, c: C, m: 2, n: 2, k: 3, tile: 2 } }')).toEqual([
      ...['read A+0', 'read A+1', 'read A+3', 'read A+4'],
      ...['read B+0', 'read B+1', 'read B+2', 'read B+3'],
      ...['read A+2', 'read A+5', 'read B+4', 'read B+5'],
      ...['write C+0', 'write C+1', 'write C+2', 'write C+3'],
    ]);
  });

  it('with beta, every element of C is one read-write', () => {
    const list = run(objects, '{ gemm: { a: A, b: B, c: C, m: 2, n: 2, k: 3, tile: 4, beta: 1 } }');
    expect(list.filter((line) => line.includes('C'))).toEqual([
      'read-write C+0',
      'read-write C+1',
      'read-write C+2',
      'read-write C+3',
    ]);
  });

  it.each([1, 2, 3, 5, 8])('tile %i: A is read ⌈n/tile⌉ times, B ⌈m/tile⌉ times, C once', (tile) => {
    const [m, n, k] = [5, 4, 3];
    const dims = 'A: { elements: 15 }, B: { elements: 12 }, C: { elements: 20 }';
    const expanded = expand(oneStep(dims, `{ gemm: { a: A, b: B, c: C, m: ${m}, n: ${n}, k: ${k}, tile: ${tile} } }`));
    const times = (object: string): Set<number> => {
      const counts = new Map<number, number>();
      for (const access of expanded.accesses)
        if (access.object === object) counts.set(access.at, (counts.get(access.at) ?? 0) + 1);
      expect(counts.size).toBe({ A: m * k, B: k * n, C: m * n }[object]);
      return new Set(counts.values());
    };
    expect(times('A')).toEqual(new Set([Math.ceil(n / tile)]));
    expect(times('B')).toEqual(new Set([Math.ceil(m / tile)]));
    expect(times('C')).toEqual(new Set([1]));
    expect(expanded.accesses.length).toBe(expanded.total);
  });

  it('a matrix object gives its own row length', () => {
    const dims = ['A', 'B', 'C']
      .map((name) => `${name}: { element: i8, layout: matrix, rows: 4, columns: 10 }`)
      .join(', ');
    const list = run(dims, '{ gemm: { a: A, b: B, c: C, n: 2, tile: 2 } }');
    expect(list.slice(0, 4)).toEqual(['read A+0', 'read A+1', 'read A+10', 'read A+11']);
  });
});
