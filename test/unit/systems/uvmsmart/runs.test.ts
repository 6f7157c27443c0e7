/** Whole runs: the same twice, whatever the slices; the CPU's side; borders. */
import { describe, expect, it } from 'vitest';
import { KIB, MIB, PS_PER_US } from '../../../../src-core/base/units';
import { r0 } from '../../../../src-core/presets/machines/r0';
import { GPU0 } from '../../../../src-core/model/processor';
import { kernels, runSmart } from './run-smart';

const OBJECTS = 'a: { size: 4MiB, element: f32, initially: host }, b: { size: 4MiB, element: f32, initially: host }';
const GATHER = kernels(
  OBJECTS,
  '{ together: [ { read: a }, { write: b } ] }',
  '{ together: [ { read: a, pattern: random, count: 3000 }, { write: b, pattern: random } ] }',
  '{ readwrite: b }',
);
const SMALL = { deviceMemoryBytes: 5 * MIB, params: { hwprefetch_oversub: 'tree', enable_dma: 'adaptive' } };

describe('a run', () => {
  it.each(['lru-2mb', 'tree', 'random', 'lru-4k'])(
    '%s gives the same recording twice and in slices',
    async (policy) => {
      const options = { ...SMALL, params: { ...SMALL.params, eviction_policy: policy } };
      const once = await runSmart(GATHER, options);
      expect(once.totals['evictions']).toBeGreaterThan(0);
      expect((await runSmart(GATHER, options)).run.hash).toBe(once.run.hash);
      const sliced = await runSmart(GATHER, { ...options, slice: 7 });
      expect(sliced.run.hash).toBe(once.run.hash);
      expect(sliced.figures).toEqual(once.figures);
    },
  );

  it('keeps its books: what came and did not leave is there, and rows add up to counters', async () => {
    const { run, totals } = await runSmart(GATHER, { ...SMALL, keepEvents: true });
    const residents = run.run.memory.residents(GPU0);
    expect(totals['bytesToDevice']! - totals['bytesToHost']!).toBe(residents * 4 * KIB);
    const sum = (names: readonly string[], target: number): number =>
      run.events
        .filter(({ name, target: to }) => names.includes(name) && to === target)
        .reduce((bytes, event) => bytes + event.bytes!, 0);
    expect(sum(['migration'], 1)).toBe(totals['bytesToDevice']);
    expect(sum(['eviction'], 0)).toBe(totals['bytesToHost']);
    expect(run.events.filter(({ name }) => name === 'fault')).toHaveLength(totals['gpuFaults']!);
  });

  it('runs on a machine that only counts, one access after the other', async () => {
    const { totals, figures } = await runSmart(GATHER, { ...SMALL, machine: r0 });
    expect(totals['gpuFaults']).toBeGreaterThan(0);
    expect(figures['kernelPs']).toBeNull();
    expect(figures['transfersToDevice']).toBeGreaterThan(totals['gpuFaults']!);
  });

  it('goes on where the device holds less than a transfer', async () => {
    const text = kernels('a: { size: 256KiB, element: f32, initially: host }', '{ read: a }', '{ write: a }');
    for (const policy of ['lru-2mb', 'lfu', 'tree', 'sequential-local', 'random', 'lru-4k']) {
      const params = { eviction_policy: policy, hwprefetch_oversub: 'tree' };
      for (const deviceMemoryBytes of [4 * KIB, 20 * KIB, 100 * KIB]) {
        const { run, totals } = await runSmart(text, { params, deviceMemoryBytes });
        expect(totals['gpuReads']! + totals['gpuWrites']!).toBe(2 * 65_536);
        expect(run.run.memory.residents(GPU0) * 4 * KIB).toBeLessThanOrEqual(deviceMemoryBytes);
      }
    }
  });
});

describe('the CPU', () => {
  const touch = (cpu: string) =>
    `faultline: 1\nname: t\nobjects: { ${OBJECTS} }\nphases: [ { name: p, repeat: 2, steps: [ { on: cpu, do: [ ${cpu} ] }, { on: gpu0, do: [ { readwrite: a } ] } ] } ]\n`;

  it('has everything without a fault at the start, and fetches an object as a whole from the device', async () => {
    const { totals } = await runSmart(touch('{ read: a }'));
    expect(totals['cpuFaults']).toBe(1); // in the second iteration
    expect(totals['bytesToHost']).toBe(4 * MIB);
    expect(totals['bytesToDevice']).toBe(8 * MIB);
    expect(totals['evictions']).toBe(0);
    expect(totals['pingPongs']).toBe(1024);
  });
  it('leaves other objects where they are', async () => {
    const { totals } = await runSmart(touch('{ write: b }'));
    expect([totals['cpuFaults'], totals['bytesToHost'], totals['bytesToDevice']]).toEqual([0, 0, 4 * MIB]);
  });
});

it('a kernel ends with its last transfer', async () => {
  const { figures } = await runSmart(
    kernels('a: { size: 2MiB, element: f32, initially: host }', '{ read: a, elements: [0, 1] }'),
  );
  // One fault: 4 KiB for the access, 60 KiB behind it that nobody reads.
  expect(figures['transfersToDevice']).toBe(2);
  expect(figures['kernelPs']).toBeGreaterThan(figures['transferPs']!);
  expect(figures['kernelPs']).toBeLessThan(figures['transferPs']! + PS_PER_US);
});

it('merges accesses to pages on their way with the fault that asked for them', async () => {
  const { totals, figures } = await runSmart(
    kernels('a: { size: 64KiB, element: f32, initially: host }', '{ read: a, pattern: strided, stride: 1024 }'),
  );
  // One thread group reads a word of each of 16 pages: the first faults and brings the block.
  expect([totals['gpuFaults'], figures['mergedFaults']]).toEqual([1, 15]);
});

it('remembers the most memory that was in use, not the last', async () => {
  const text = `faultline: 1\nname: t\nobjects: { ${OBJECTS} }\nphases: [ { name: p, steps: [ { on: gpu0, do: [ { read: a } ] }, { on: cpu, do: [ { read: a } ] }, { on: gpu0, do: [ { read: b, elements: [0, 1] } ] } ] } ]\n`;
  const { run } = await runSmart(text);
  expect(run.run.memory.residents(GPU0) * 4 * KIB).toBe(64 * KIB);
  expect(run.run.memory.systemReport()!.numbers.peakDeviceBytes).toBe(4 * MIB);
});

it('refuses a workload on two devices', async () => {
  const two = `faultline: 1\nname: t\nobjects: { ${OBJECTS} }\nphases: [ { name: p, steps: [ { on: gpu1, do: [ { read: a } ] } ] } ]\n`;
  await expect(runSmart(two)).rejects.toThrow('simulates one GPU');
});

it('reads from afar up to the threshold, also where a loop has the whole page before it', async () => {
  const text = kernels('a: { size: 4KiB, element: f32, initially: host }', '{ read: a }');
  const lines = async (threshold: number): Promise<number> => {
    const { totals } = await runSmart(text, { params: { enable_dma: 'always', migrate_threshold: threshold } });
    expect(totals['gpuReads']).toBe(1024);
    return totals['remoteBytes']! / 128;
  };
  // A page has 32 lines of 128 bytes; the read that reaches the threshold migrates it.
  expect([await lines(4), await lines(8), await lines(64)]).toEqual([3, 7, 32]);
});
