import { describe, expect, it } from 'vitest';
import { RELOCATE } from '../../../src-core/kit/linux/costs';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../../src-core/presets/machines/r0';
import { GPU0 } from '../../../src-core/model/processor';
import { runSystem, type SystemRun } from './run-system';

const SYSTEMS: readonly string[] = ['hmm', 'coherent', 'zone', 'dax', 'copy', 'host', 'off'];

/** A workload of one phase. `a` is anonymous, `f` a shared and `p` a private mapping of a file; 256 pages each. */
const workload = (steps: readonly string[], objects = ''): string => `
faultline: 1
name: calls
deviceMemory: 16MiB
granularity: 64KiB
objects:
  a: { size: 1MiB, element: 64B }
  f: { size: 1MiB, element: 64B, map: file-shared }
  p: { size: 1MiB, element: 64B, map: file-private }
${objects}
phases:
  - name: work
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
const checked = (steps: readonly string[], id: string, params = {}, objects = ''): Promise<SystemRun> =>
  runSystem(workload(steps, objects), id, { contents: true, ...params });
const results = (run: SystemRun): readonly string[] =>
  run.summary.outcomes.map(({ what, result }) => `${what}: ${result}`);

describe('contents follow every call', () => {
  const sound: readonly (readonly [string, readonly string[]])[] = [
    [
      'DONTNEED: anonymous memory reads as zeros, a private mapping as the file again',
      [
        '{ on: cpu, do: [{ write: a }, { write: f }, { write: p }] }',
        '{ on: gpu0, do: [{ readwrite: a }, { readwrite: p }] }',
        'os: { madvise: a, advice: dontneed, part: [0, 0.5] }',
        'os: { madvise: p, advice: dontneed }',
        '{ on: cpu, do: [{ read: a }, { read: p }] }',
        '{ on: gpu0, do: [{ read: a }, { read: p }] }',
      ],
    ],
    [
      'a private mapping shows what write() put into the file, until it is written itself',
      [
        '{ on: cpu, do: [{ read: p }, { write: p, part: [0, 0.5] }] }',
        'os: { fileWrite: p }',
        '{ on: cpu, do: [{ read: p }] }',
        '{ on: gpu0, do: [{ read: p }, { write: p, part: [0.5, 0.75] }] }',
        'os: { fileWrite: p }',
        '{ on: cpu, do: [{ read: p }] }',
      ],
    ],
    [
      'FREE: the old bytes or zeros, and new ones once written',
      [
        '{ on: cpu, do: [{ write: a }] }',
        'os: { madvise: a, advice: free }',
        'os: { madvise: a, advice: pageout }',
        '{ on: cpu, do: [{ read: a }, { write: a, part: [0, 0.5] }] }',
        '{ on: gpu0, do: [{ read: a }] }',
        '{ on: cpu, do: [{ read: a }] }',
      ],
    ],
    [
      'DONTNEED and FREE that end in EINVAL at locked memory were done before it',
      [
        '{ on: cpu, do: [{ write: a }, { write: b }] }',
        'os: { mlock: a, part: [0.5, 1] }',
        'os: { mlock: b, part: [0.5, 1] }',
        'os: { madvise: a, advice: dontneed }',
        'os: { madvise: b, advice: free }',
        'os: { madvise: b, advice: pageout }',
        '{ on: cpu, do: [{ read: a }, { read: b }] }',
        '{ on: gpu0, do: [{ read: a }, { read: b }] }',
      ],
    ],
    [
      'DONTNEED and FREE with a hole are done around it',
      [
        '{ on: cpu, do: [{ write: a }, { write: b }] }',
        'os: { munmap: a, part: [0.25, 0.5] }',
        'os: { munmap: b, part: [0.25, 0.5] }',
        'os: { madvise: a, advice: dontneed }',
        'os: { madvise: b, advice: free }',
        'os: { madvise: b, advice: pageout }',
        '{ on: cpu, do: [{ read: a, part: [0.5, 1] }, { read: b, part: [0.5, 1] }] }',
        '{ on: gpu0, do: [{ read: a, part: [0, 0.25] }, { read: b, part: [0, 0.25] }] }',
      ],
    ],
    [
      'fork, mremap, mprotect and COLLAPSE keep them',
      [
        '{ on: cpu, do: [{ write: a }, { write: p }] }',
        'os: { fork: child }',
        '{ on: gpu0, process: child, do: [{ readwrite: a }, { readwrite: p }] }',
        'os: { mremap: a }',
        'os: { mprotect: p, prot: r }',
        '{ on: cpu, do: [{ read: a }, { read: p }, { readwrite: a }] }',
        '{ on: cpu, process: child, do: [{ read: a }, { read: p }] }',
        '{ on: gpu0, do: [{ read: a }, { read: p }] }',
        'os: { madvise: a, advice: collapse }',
        '{ on: cpu, do: [{ read: a }] }',
      ],
    ],
  ];
  for (const [what, steps] of sound)
    it.each(SYSTEMS)(`${what} (%s)`, async (id) => {
      const run = await checked(steps, id, {}, '  b: { size: 1MiB, element: 64B }');
      expect(run.reads).toBeGreaterThan(1000);
      expect(run.mismatches).toBe(0);
      expect(run.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
    });
});

describe('outcomes', () => {
  it('a merge by KSM is success, not an outcome', async () => {
    const run = await checked(
      ['{ on: cpu, do: [{ write: a }] }', 'os: { madvise: a, advice: mergeable }', 'os: { ksmScan: true }'],
      'hmm',
    );
    expect(results(run)).toEqual([]);
  });

  it.each(SYSTEMS)('after munmap and exec an access is SIGSEGV, and its process ends (%s)', async (id) => {
    const run = await checked(
      [
        '{ on: cpu, do: [{ write: a }] }',
        'os: { fork: child }',
        '{ process: child, os: { exec: true } }',
        '{ on: cpu, process: child, do: [{ read: a }] }',
        'os: { munmap: a }',
        '{ on: cpu, do: [{ read: a }] }',
      ],
      id,
    );
    const faults = run.summary.outcomes.filter(({ result }) => result === 'SIGSEGV');
    expect(faults.map(({ object, count }) => [object, count])).toEqual([
      ['a@child', 1],
      ['a', 1],
    ]);
  });

  it('pins end with their process: its pages come back', async () => {
    const run = await checked(
      [
        '{ on: cpu, do: [{ write: a }] }',
        'os: { fork: child }',
        '{ process: child, os: { pin: a, longTerm: true, write: true } }',
        '{ process: child, os: { exit: true } }',
      ],
      'hmm',
    );
    expect(run.memory.processes.pins).toEqual([]);
    expect(run.memory.kernel.used[0]).toBe(256); // main's pages alone
  });
});

describe('a device that is taken away', () => {
  const steps = [
    '{ on: gpu0, do: [{ write: a }] }',
    'os: { unplug: gpu0 }',
    '{ on: gpu0, do: [{ read: a }, { write: f }, { write: p }] }',
    '{ on: cpu, do: [{ read: a }] }',
  ];
  it.each(['hmm', 'coherent', 'zone', 'copy', 'off'] as const)(
    'holds no pages until it is plugged in again (%s)',
    async (id) => {
      const run = await checked(steps, id);
      expect(run.mismatches).toBe(0);
      expect(run.memory.residency.residents(GPU0)).toBe(0);
      expect(run.totals['pingPongs']).toBe(0);
      const back = await checked(
        [...steps, 'os: { replug: gpu0 }', '{ on: gpu0, do: [{ write: b }] }'],
        id,
        {},
        '  b: { size: 1MiB, element: 64B }',
      );
      if (id !== 'copy') expect(back.memory.residency.residents(GPU0)).toBeGreaterThan(0);
      else expect(back.totals['bytesToDevice']!).toBeGreaterThan(run.totals['bytesToDevice']!);
    },
  );
});

describe('mbind', () => {
  const half = [
    '{ on: cpu, do: [{ write: a }] }',
    'os: { mbind: a, node: gpu0, part: [0, 0.5] }',
    '{ on: gpu0, do: [{ read: a }] }',
  ];
  it('moves the range that it names, on memory that is a node', async () => {
    const run = await checked(half, 'coherent');
    expect(run.totals).toMatchObject({ bytesToDevice: 2 ** 19, migrations: 128 });
  });
  it('binds, but moves nothing where migration is off (requirement 5)', async () => {
    const run = await checked(half, 'off');
    expect(run.totals).toMatchObject({ migrations: 0 });
    expect(run.summary.requirements.find(({ id }) => id === '5')!.holds).toBe(true);
  });
  it('is EINVAL where the device is no node', async () => {
    expect(results(await checked(half, 'hmm'))).toEqual(['mbind: EINVAL']);
  });
});

describe('explicit copies', () => {
  const list = 'l: { size: 1MiB, element: 64B, layout: list }';
  const time = (run: SystemRun): number => run.memory.clocks.latest();

  it('relocation takes its time besides the copies', async () => {
    const steps = ['{ on: gpu0, do: [{ read: a }] }'];
    const plain = await runSystem(workload(steps), 'copy', {}, {}, pcie4x16g);
    const linked = await runSystem(
      workload(['{ on: gpu0, do: [{ read: l }] }'], `  ${list}`),
      'copy',
      {},
      {},
      pcie4x16g,
    );
    const pointers = 2 ** 20 / 64;
    expect(linked.summary.numbers.relocatedPointers).toBe(pointers);
    expect(time(linked) - time(plain)).toBeGreaterThanOrEqual(pointers * RELOCATE.value);
  });

  it('a fault batch that the end of a host step closes belongs to the kernel that faulted', async () => {
    const branches =
      '{ quantum: 64, steps: [{ on: gpu0, do: [{ write: a }] }, { on: cpu, do: [{ read: b, part: [0, 0.1] }] }] }';
    const steps = [`concurrently: ${branches}`, 'swap: [a, b]'];
    const text = workload(
      [...steps, ...steps, '{ on: cpu, do: [{ read: a }, { read: b }] }'],
      '  b: { size: 1MiB, element: 64B }',
    );
    const run = await runSystem(text, 'copy', { contents: true }, {}, pcie4x16g);
    expect(run.mismatches).toBe(0);
    expect(run.memory.backend.free(GPU0)).toBe(run.memory.backend.capacity(GPU0));
  });

  it('a step that ends frees its own buffers, not those of a step beside it', async () => {
    const branches =
      '{ quantum: 64, steps: [{ on: gpu0, do: [{ read: a, part: [0, 0.1] }] }, { on: gpu0, do: [{ readwrite: b }] }] }';
    const run = await runSystem(
      workload([`concurrently: ${branches}`], '  b: { size: 1MiB, element: 64B }'),
      'copy',
      { contents: true },
      {},
      r0,
    );
    expect(run.mismatches).toBe(0);
    expect(run.totals).toMatchObject({ bytesToDevice: 2 ** 21, bytesToHost: 2 ** 20 });
  });
});
