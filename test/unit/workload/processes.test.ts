import { describe, expect, it } from 'vitest';
import { createBatch, type AccessStream, type StreamItem } from '../../../src-core/contracts/access-stream';
import { MIB } from '../../../src-core/base/units';
import type { OsStep } from '../../../src-core/model/os-action';
import { VA_BLOCK_BYTES } from '../../../src-core/model/space';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';
import { expand, lines } from './expand';

const file = (steps: string, objects = 'a: { elements: 2 }, b: { elements: 2 }', phase = ''): string =>
  `faultline: 1\nname: t\nobjects: { ${objects} }\nphases:\n - name: p\n   ${phase || 'repeat: 1'}\n   steps:\n${steps}`;
const compile = (text: string) => compileWorkload(loadWorkload(text, 'f.yaml'));

/** Calls and names of steps, in the order of the run. */
function events(text: string): (OsStep | string)[] {
  const found: (OsStep | string)[] = [];
  const stream: AccessStream = compile(text).open();
  const batch = createBatch();
  for (;;) {
    const item = stream.next(batch) as StreamItem;
    if (item.kind === 'end') return found;
    if (item.kind === 'os') found.push(item.step);
    if (item.kind === 'step-begin') found.push(`${item.step.name} ${item.step.iteration}`);
  }
}

const forked = `
    - { on: cpu, do: [ { write: a }, { write: b } ] }
    - os: { fork: child }
    - { on: gpu, process: child, do: [ { read: b }, { readwrite: a } ] }
    - { on: cpu, do: [ { read: a } ] }
`;

describe('objects per process', () => {
  it('a child sees what it names, at the same address, in regions of its own after those of main', () => {
    const { space } = compile(
      file(forked, 'a: { size: 3MiB }, b: { elements: 2, map: anon-shared }, c: { elements: 2 }'),
    );
    expect(space.objects.map(({ name, process, origin }) => [name, process, origin])).toEqual([
      ['a', undefined, undefined],
      ['b', undefined, undefined],
      ['c', undefined, undefined],
      ['b@child', 'child', 1],
      ['a@child', 'child', 0],
    ]);
    const [a, b, c, bOfChild, aOfChild] = space.objects;
    expect([bOfChild?.address, aOfChild?.address]).toEqual([b?.address, a?.address]);
    expect([bOfChild?.bytes, bOfChild?.mapping]).toEqual([b?.bytes, 'anon-shared']);
    expect([a, b, c, bOfChild, aOfChild].map((object) => object?.offset)).toEqual([
      0,
      4 * MIB,
      6 * MIB,
      8 * MIB,
      10 * MIB,
    ]);
    expect(space.regions.map(({ address, offset, bytes }) => [address - a!.address, offset, bytes])).toEqual([
      [0, 0, 8 * MIB],
      [4 * MIB, 8 * MIB, 2 * MIB],
      [0, 10 * MIB, 4 * MIB],
    ]);
    expect(space.bytes).toBe(14 * MIB);
    expect(
      space.regions.every(({ address, offset }) => address % VA_BLOCK_BYTES === 0 && offset % VA_BLOCK_BYTES === 0),
    ).toBe(true);
  });

  it('objects of main lie as in the same file without processes', () => {
    const objects = 'a: { size: 3MiB }, b: { size: 5MiB }';
    const plain = compile(file('    - { on: cpu, do: [ { write: a }, { read: b } ] }\n', objects)).space;
    expect(plain.regions.length).toBe(1);
    const { space } = compile(file(forked, objects));
    expect(space.objects.slice(0, 2)).toEqual(plain.objects);
    expect(space.regions[0]).toEqual(plain.regions[0]);
  });

  it('accesses of a child belong to its objects; counts are exact', () => {
    const expanded = expand(file(forked));
    expect(lines(expanded)).toEqual([
      ...['write a+0', 'write a+8', 'write b+0', 'write b+8'],
      ...['read b@child+0', 'read b@child+8', 'read-write a@child+0', 'read-write a@child+8'],
      ...['read a+0', 'read a+8'],
    ]);
    expect(expanded.total).toBe(10);
  });

  it('branches of concurrently have processes', () => {
    const text = file(`
    - os: { fork: one }
    - concurrently: { steps: [ { on: gpu, do: [ { read: a } ] }, { on: gpu, process: one, do: [ { read: a } ] } ] }
`);
    expect(lines(expand(text))).toEqual(['read a+0', 'read a+8', 'read a@one+0', 'read a@one+8']);
  });

  it('a device that a child uses is known for the original', () => {
    const known = compile(file(forked)).deviceObjects;
    expect([...(known ?? [])].sort(([x], [y]) => x - y)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it('a child walks a list in the order of its parent', () => {
    const walk = (process: string): string[] =>
      lines(
        expand(
          file(
            `    - os: { fork: child }\n    - { on: gpu, ${process} do: [ { read: a, pattern: chase } ] }\n`,
            'a: { elements: 16, layout: list }',
          ),
        ),
      );
    const parent = walk('');
    expect(new Set(parent).size).toBe(16);
    expect(walk('process: child,')).toEqual(parent.map((line) => line.replace('a+', 'a@child+')));
  });

  it('a swap holds for every process', () => {
    const text = file(`
    - os: { fork: child }
    - { on: cpu, process: child, do: [ { read: a, elements: [0, 1] } ] }
    - swap: [a, b]
    - { on: cpu, process: child, do: [ { read: a, elements: [0, 1] } ] }
    - { on: cpu, do: [ { read: a, elements: [0, 1] } ] }
`);
    expect(lines(expand(text))).toEqual(['read a@child+0', 'read b@child+0', 'read b+0']);
  });

  it('expect accepts the objects of a child', () => {
    const text = `${file(forked)}expect: { objects.a@child.gpuFaults: 1 }\n`;
    expect(loadWorkload(text, 'f.yaml').expect).toEqual([{ what: 'objects.a@child.gpuFaults', expected: 1 }]);
  });
});

describe('calls in the order of the run', () => {
  it('carry the process and follow iterations', () => {
    const text = file(
      `
    - { on: cpu, name: s, do: [ { read: a } ] }
    - { os: { fork: child }, iterations: { to: 1 } }
    - { os: { ksmScan: true }, process: child, iterations: { from: 2, every: 2 } }
`,
      undefined,
      'repeat: 4',
    );
    const fork = { process: 'main', action: { kind: 'fork', child: 'child' } };
    const scan = { process: 'child', action: { kind: 'ksm-scan' } };
    expect(events(text)).toEqual(['s 1', fork, 's 2', scan, 's 3', 's 4', scan]);
  });

  it('happen on iterations without steps, and swaps in between still count', () => {
    const text = file(
      `
    - swap: [a, b]
    - { os: { munmap: a }, iterations: { every: 3 } }
    - { os: { sync: f }, iterations: { from: 4 } }
`,
      'a: { elements: 2 }, b: { elements: 2 }, f: { elements: 2, map: file-shared }',
      'repeat: 4',
    );
    expect(events(text)).toEqual([
      { process: 'main', action: { kind: 'munmap', range: { object: 1, from: 0, to: 16 } } },
      { process: 'main', action: { kind: 'sync', range: { object: 2, from: 0, to: 16 } } },
    ]);
  });

  it('of a child name the object of the child', () => {
    const text = file(`
    - os: { fork: child }
    - { os: { madvise: b, advice: cold, elements: [1, 2] }, process: child }
`);
    expect(compile(text).space.objects[2]?.name).toBe('b@child');
    expect(events(text)[1]).toEqual({
      process: 'child',
      action: { kind: 'madvise', advice: 'cold', range: { object: 2, from: 8, to: 16 } },
    });
  });
});
