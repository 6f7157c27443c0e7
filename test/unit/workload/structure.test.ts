import { describe, expect, it } from 'vitest';
import { compileWorkload, loadWorkload, workloadJsonSchema } from '../../../src-core/workload';
import { type AccessStream, createBatch, type StreamItem } from '../../../src-core/contracts/access-stream';
import { MIB } from '../../../src-core/base/units';
import { expand, lines } from './expand';

const workload = (body: string, objects = 'a: { elements: 2 }, b: { elements: 2 }'): string =>
  `faultline: 1\nname: t\nobjects: { ${objects} }\nphases:\n${body}`;

describe('phases and steps', () => {
  it('run in order; steps have names, processors and iterations', () => {
    const { steps } = expand(
      workload(`
  - name: init
    steps: [ { on: cpu, do: [ { write: a } ] } ]
  - name: loop
    repeat: 2
    steps:
      - { on: gpu, do: [ { read: a } ] }
      - { on: gpu5, name: other, repeat: 2, do: [ { read: a } ] }
`),
    );
    expect(steps).toEqual([
      'init[1] init.1 cpu',
      ...['loop[1] loop.1 gpu0', 'loop[1] other gpu5', 'loop[1] other gpu5'],
      ...['loop[2] loop.1 gpu0', 'loop[2] other gpu5', 'loop[2] other gpu5'],
    ]);
  });

  it.each([
    ['{}', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    ['{ every: 5 }', [5, 10]],
    ['{ from: 2, every: 5 }', [2, 7, 12]],
    ['{ from: 2, to: 10, every: 5 }', [2, 7]],
    ['{ from: 11 }', [11, 12]],
    ['{ to: 2 }', [1, 2]],
    ['{ from: 12, to: 100 }', [12]],
  ])('iterations %s', (iterations, expected) => {
    const { steps, accesses, total } = expand(
      workload(`  - { name: p, repeat: 12, steps: [ { on: cpu, iterations: ${iterations}, do: [ { read: a } ] } ] }`),
    );
    expect(steps.map((step) => Number(/\[([0-9]+)\]/.exec(step)?.[1]))).toEqual(expected);
    expect(accesses.length).toBe(total);
  });

  it('devices: the highest that is named, at least one', () => {
    const devices = (on: string): number =>
      compileWorkload(loadWorkload(workload(`  - { name: p, steps: [ { on: ${on}, do: [ { read: a } ] } ] }`), 'f'))
        .devices;
    expect([devices('cpu'), devices('gpu'), devices('gpu0'), devices('gpu3')]).toEqual([1, 1, 1, 4]);
  });

  it('objects lie in file order on 2 MiB boundaries of one region', () => {
    const text = workload(
      '  - { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] }',
      'b: { size: 3MiB, initially: host }, a: { elements: 1 }',
    );
    const { space } = compileWorkload(loadWorkload(text, 'f'));
    expect(space.regions).toEqual([{ address: 0x7f0000000000, offset: 0, bytes: 6 * MIB }]);
    expect(
      space.objects.map((object) => [object.name, object.offset, object.address, object.bytes, object.initially]),
    ).toEqual([
      ['b', 0, 0x7f0000000000, 3 * MIB, 'host'],
      ['a', 4 * MIB, 0x7f0000000000 + 4 * MIB, 8, 'unpopulated'],
    ]);
  });

  it('an address space of more than a TiB begins lower and ends in the user half', () => {
    const text = workload(
      '  - { name: p, steps: [ { on: cpu, do: [ { read: a, elements: [0, 1] } ] } ] }',
      'a: { size: 128TiB }',
    );
    expect(compileWorkload(loadWorkload(text, 'f')).space.regions[0]?.address).toBe(0);
  });
});

describe('swap', () => {
  it('exchanges the storage of two names from there on, over iterations and phases', () => {
    const text = workload(`
  - name: p
    repeat: 3
    steps:
      - { on: gpu, do: [ { read: a, elements: [0, 1] }, { write: b, elements: [0, 1] } ] }
      - { swap: [a, b] }
  - name: q
    steps: [ { on: cpu, do: [ { read: a, elements: [0, 1] } ] } ]
`);
    expect(lines(expand(text))).toEqual([
      'read a+0',
      'write b+0',
      'read b+0',
      'write a+0',
      'read a+0',
      'write b+0',
      'read b+0',
    ]);
  });

  it('counts for idle iterations too, which are skipped at once', () => {
    const phase = (repeat: number): string =>
      workload(
        `  - { name: p, repeat: ${repeat}, steps: [ { swap: [a, b] }, { swap: [b, c] }, { on: cpu, iterations: { every: ${repeat} }, do: [ { read: a }, { read: b }, { read: c } ] } ] }`,
        'a: { elements: 1 }, b: { elements: 1 }, c: { elements: 1 }',
      );
    // Two swaps rotate three names: the order after n iterations depends on n modulo 3.
    expect(lines(expand(phase(1)))).toEqual(['read b+0', 'read c+0', 'read a+0']);
    expect(lines(expand(phase(2)))).toEqual(['read c+0', 'read a+0', 'read b+0']);
    expect(lines(expand(phase(3)))).toEqual(['read a+0', 'read b+0', 'read c+0']);
    expect(lines(expand(phase(1_000_000_000)))).toEqual(lines(expand(phase(1))));
  });

  it('a phase of swaps alone is applied as a whole', () => {
    const text = workload(`
  - { name: p, repeat: 999999999, steps: [ { swap: [a, b] } ] }
  - { name: q, steps: [ { on: cpu, do: [ { read: a } ] } ] }`);
    expect(lines(expand(text))).toEqual(['read b+0', 'read b+8']);
  });
});

describe('concurrently', () => {
  const text = workload(`
  - name: p
    repeat: 2
    steps:
      - { swap: [a, b] }
      - concurrently:
          quantum: 16
          steps:
            - { on: cpu, do: [ { read: a } ] }
            - { on: gpu1, name: k, repeat: 2, do: [ { write: a } ] }
            - { on: gpu0, iterations: { from: 2 }, do: [ { read: b } ] }`);

  it('is a fork whose branches are whole steps; a step that does not run is no branch', () => {
    const { steps, accesses, total } = expand(text);
    expect(steps).toEqual([
      ...['fork 2 16', 'p[1] p.2.1 cpu', 'p[1] k gpu1', 'p[1] k gpu1'],
      ...['fork 3 16', 'p[2] p.2.1 cpu', 'p[2] k gpu1', 'p[2] k gpu1', 'p[2] p.2.3 gpu0'],
    ]);
    expect(accesses.length).toBe(total);
    expect(accesses.map((access) => access.object).join('')).toBe('bbbbbb' + 'aaaaaabb');
  });

  it('the quantum is 4096 unless given', () => {
    expect(expand(text.replace('quantum: 16', '')).steps[0]).toBe('fork 2 4096');
  });

  it('branches can be pulled alternately without disturbing each other', () => {
    const source = compileWorkload(
      loadWorkload(
        workload(
          `  - { name: p, steps: [ { concurrently: { steps: [ { on: gpu, do: [ { read: a, pattern: random, count: 200000 } ] }, { on: gpu1, do: [ { read: b, pattern: random, count: 200000 } ] } ] } } ] }`,
          'a: { elements: 1000 }, b: { elements: 1000 }',
        ),
        'f',
      ),
    );
    const pull = (alternate: boolean): number[][] => {
      const batch = createBatch();
      const fork = source.open().next(batch) as StreamItem;
      if (fork.kind !== 'fork') throw new Error('expected a fork');
      const seen = fork.branches.map((): number[] => []);
      const step = (branch: AccessStream, index: number): boolean => {
        const item = branch.next(batch) as StreamItem;
        if (item.kind === 'accesses') for (let i = 0; i < batch.points; i++) seen[index]!.push(batch.index[i]!);
        return item.kind !== 'end';
      };
      if (alternate) while (fork.branches.map(step).some(Boolean));
      else
        fork.branches.forEach((branch, index) => {
          while (step(branch, index));
        });
      return seen;
    };
    expect(pull(true)).toEqual(pull(false));
    expect(pull(true)[0]?.length).toBe(200_000);
  });
});

describe('one file, one stream', () => {
  const body = `
  - name: p
    repeat: 3
    steps:
      - { on: gpu, do: [ { read: a, pattern: random, count: 9 }, { write: b, pattern: zipf, count: 9 }, { read: a }, { atomic: b, pattern: chase } ] }
      - { swap: [a, b] }
`;
  const text = workload(body, 'a: { elements: 30 }, b: { elements: 30 }');

  it('opening again gives the same accesses, also while another stream is half-way', () => {
    const source = compileWorkload(loadWorkload(text, 'f'));
    const read = (stream: AccessStream, items = Infinity): string[] => {
      const batch = createBatch();
      const seen: string[] = [];
      for (let i = 0; i < items; i++) {
        const item = stream.next(batch) as StreamItem;
        if (item.kind === 'end') break;
        if (item.kind !== 'accesses') continue;
        seen.push(
          batch.kind === 'points'
            ? `p${batch.base}:${batch.index.subarray(0, batch.points).join()}`
            : `g${batch.address[0]}`,
        );
      }
      return seen;
    };
    const first = read(source.open());
    const half = source.open();
    const begin = read(half, 7);
    expect(read(source.open())).toEqual(first);
    expect([...begin, ...read(half)]).toEqual(first);
    expect(first.length).toBe(12);
  });

  it('the same file and seed give the same stream; another seed another one', () => {
    expect(lines(expand(text))).toEqual(lines(expand(text)));
    expect(lines(expand(text, 1))).toEqual(lines(expand(text)));
    expect(lines(expand(text, 2))).not.toEqual(lines(expand(text)));
    expect(lines(expand(text, 2))).toEqual(lines(expand(text.replace('name: t', 'name: t\nseed: 2'))));
  });

  it('JSON and YAML give the same', () => {
    const json = {
      faultline: 1,
      name: 't',
      objects: { a: { elements: 30 }, b: { elements: 30 } },
      phases: [
        {
          name: 'p',
          repeat: 3,
          steps: [
            {
              on: 'gpu',
              do: [
                { read: 'a', pattern: 'random', count: 9 },
                { write: 'b', pattern: 'zipf', count: 9 },
                { read: 'a' },
                { atomic: 'b', pattern: 'chase' },
              ],
            },
            { swap: ['a', 'b'] },
          ],
        },
      ],
    };
    for (const indent of [0, 2, '\t']) {
      const written = JSON.stringify(json, null, indent);
      expect({ ...loadWorkload(written, 'f'), text: '' }).toEqual({ ...loadWorkload(text, 'f'), text: '' });
      expect(lines(expand(written))).toEqual(lines(expand(text)));
    }
  });

  it('anchors and aliases may repeat a part of the file', () => {
    const aliased = workload('  - { name: p, steps: [ { on: gpu, do: &d [ { read: a } ] }, { on: cpu, do: *d } ] }');
    expect(lines(expand(aliased))).toEqual(['read a+0', 'read a+8', 'read a+0', 'read a+8']);
  });

  it('progress goes from 0 to 1', () => {
    const stream = compileWorkload(loadWorkload(text, 'f')).open();
    const batch = createBatch();
    const seen = [stream.progress()];
    while ((stream.next(batch) as StreamItem).kind !== 'end') seen.push(stream.progress());
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(1);
    expect(seen.every((value, i) => i === 0 || (value ?? -1) >= (seen[i - 1] ?? 0))).toBe(true);
    expect((stream.next(batch) as StreamItem).kind).toBe('end');
  });

  it('a closed stream ends', () => {
    const stream = compileWorkload(loadWorkload(text, 'f')).open();
    expect((stream.next(createBatch()) as StreamItem).kind).toBe('step-begin');
    stream.close();
    expect((stream.next(createBatch()) as StreamItem).kind).toBe('end');
  });
});

describe('what the file says beside the accesses', () => {
  it('is handed over as written; what is absent stays absent', () => {
    const bare = loadWorkload(workload('  - { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] }'), 'dir.yaml');
    expect(bare).toMatchObject({ file: 'dir.yaml', name: 't', about: '', seed: 1, policies: [], expect: [] });
    for (const key of ['machine', 'deviceMemoryBytes', 'granularity', 'usefulBytes', 'changes'])
      expect(key in bare).toBe(false);

    const full = loadWorkload(
      `about: " words "\nseed: 9\nmachine: r0\ndeviceMemory: 1.5MiB\ngranularity: 64KiB
policies: { prefetch: { id: tree, threshold: 75, eager: true }, eviction: random }
usefulBytes: false
changes: ["3ms:prefetch=none"]
expect: { gpuFaults: 3, objects.a.pingPongs: { min: 1 }, simTimePs: { max: 9 } }
${workload('  - { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] }')}`,
      'f',
    );
    expect(full).toMatchObject({
      about: 'words',
      seed: 9,
      machine: 'r0',
      deviceMemoryBytes: 1.5 * MIB,
      granularity: 65536,
      usefulBytes: false,
      changes: ['3ms:prefetch=none'],
      policies: [
        { kind: 'eviction', id: 'random', params: {} },
        { kind: 'prefetch', id: 'tree', params: { threshold: 75, eager: true } },
      ],
      expect: [
        { what: 'gpuFaults', expected: 3 },
        { what: 'objects.a.pingPongs', expected: { min: 1 } },
        { what: 'simTimePs', expected: { max: 9 } },
      ],
    });
    expect(JSON.parse(JSON.stringify(full))).toEqual(full);
  });

  it('the JSON Schema describes the language', () => {
    const schema = workloadJsonSchema() as { required: string[]; properties: Record<string, { description?: string }> };
    expect(schema.required).toEqual(['faultline', 'name', 'objects', 'phases']);
    expect(Object.keys(schema.properties)).toContain('deviceMemory');
    expect(JSON.stringify(schema)).toContain('stencil');
    expect(schema.properties['seed']?.description).toMatch(/random/);
  });
});
