/** Grace Hopper on ATS: who places pages, and who moves them. */
import { describe, expect, it } from 'vitest';
import type { MachineSpec } from '../../../../src-core/model/machine';
import { atsDestination } from '../../../../src-core/systems/gh-ats/decisions/residency';
import { gh200 } from '../../../../src-core/presets/machines/gh200';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { GPU0 } from '../../../../src-core/model/processor';
import { runSystem, type SystemRun } from '../run-system';

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** An object of 8 MiB and steps on it. */
const workload = (init: string, work: string, repeat = 4): string => `
faultline: 1
name: test
deviceMemory: 64MiB
granularity: 64KiB
objects:
  A: { size: 8MiB, element: 64B }
  B: { size: 8MiB, element: 64B }
phases:
  - name: init
    steps:
      - ${init}
  - name: work
    repeat: ${repeat}
    steps:
      - ${work}
`;
const CPU_FILLS = '{ on: cpu, do: [{ write: A }] }';
const reuse = workload(CPU_FILLS, '{ on: gpu0, do: [{ read: A }] }');
const gpuFirst = workload('{ on: gpu0, do: [{ write: A }] }', '{ on: gpu0, do: [{ readwrite: A }] }');
const NO_COUNTERS = { uvm_perf_access_counter_migration_enable: 0 };
const NO_PREFETCH = { uvm_perf_prefetch_enable: false };

const run = async (text: string, params = {}, machine?: MachineSpec, changes = {}): Promise<SystemRun> => {
  const done = await runSystem(text, 'gh-ats', { contents: true, ...params }, changes, machine);
  expect(done.mismatches).toBe(0);
  expect(done.summary.outcomes).toEqual([]);
  expect(done.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
  return done;
};
const endPs = ({ memory }: SystemRun): number => memory.clocks.latest();

describe('GPU faults', () => {
  it('place pages that do not exist on the GPU, and move nothing', async () => {
    const { totals, summary } = await run(gpuFirst);
    expect(totals).toMatchObject({ bytesToDevice: 0, remoteBytes: 0 });
    expect(totals['gpuFaults']!).toBeGreaterThan(0);
    expect(summary.numbers.peakDeviceBytes).toBe(8 * MIB);
  });

  it('never move pages that exist: with counters off all accesses go over the link', async () => {
    const { totals } = await run(reuse, NO_COUNTERS);
    expect(totals).toMatchObject({ gpuFaults: 0, migrations: 0, remoteBytes: 4 * 8 * MIB });
  });

  it('read faults place pages, too: no zero page stands in the way of the GPU', async () => {
    const { totals, summary } = await run(
      workload('{ on: gpu0, do: [{ read: A }] }', '{ on: gpu0, do: [{ write: A }] }'),
    );
    expect(totals).toMatchObject({ remoteBytes: 0, migrations: 0 });
    expect(summary.numbers.peakDeviceBytes).toBe(8 * MIB);
  });

  it('a full GPU: pages come from the host, and nothing is lost', async () => {
    const both = workload('{ on: gpu0, do: [{ write: A }] }', '{ on: gpu0, do: [{ readwrite: B }] }', 1);
    const { totals, summary } = await run(both, NO_COUNTERS, undefined, { deviceMemoryBytes: 8 * MIB });
    expect(summary.numbers.peakDeviceBytes).toBe(8 * MIB);
    expect(totals['remoteBytes']).toBe(8 * MIB);
  });

  it('a write that the mapping forbids is an outcome, a read of it is served', async () => {
    const text = workload('os: { mprotect: A, prot: r }', '{ on: gpu0, do: [{ read: A }, { write: A }] }', 1);
    const { summary, totals } = await runSystem(text, 'gh-ats', { contents: true });
    expect(summary.outcomes).toMatchObject([{ result: 'EFAULT', what: 'gpu0 write', object: 'A' }]);
    expect(totals['gpuFaults']!).toBeGreaterThan(0);
  });
});

describe('pages of the kernel', () => {
  it('64 KiB are faulted in as one, on both sides; 4 KiB take sixteen times the faults', async () => {
    const large = await run(gpuFirst, NO_PREFETCH);
    const small = await run(gpuFirst, { ...NO_PREFETCH, kernelPage: '4k' });
    expect(large.totals['gpuFaults']).toBe((8 * MIB) / (64 * KIB));
    expect(small.totals['gpuFaults']).toBe((8 * MIB) / (4 * KIB));
    const [cpuLarge, cpuSmall] = [await run(reuse), await run(reuse, { kernelPage: '4k' })];
    expect(cpuLarge.totals['cpuFaults']).toBe(128);
    expect(cpuSmall.totals['cpuFaults']).toBe(2048);
  });

  it('the CPU fills memory faster with the larger ones: it clears the same bytes in fewer faults', async () => {
    const fill = workload(CPU_FILLS, CPU_FILLS, 1);
    const large = endPs(await run(fill, {}, pcie4x16g));
    const small = endPs(await run(fill, { kernelPage: '4k' }, pcie4x16g));
    expect(small / large).toBeGreaterThan(3);
    // Published for the real machine: 5 (DEVIATIONS.md).
    const [onGh200, slowly] = [endPs(await run(fill, {}, gh200)), endPs(await run(fill, { kernelPage: '4k' }, gh200))];
    expect(slowly / onGh200).toBeCloseTo(15, -1);
  });

  it('fork copies a page of 64 KiB at the first write, as one break', async () => {
    const text = `
faultline: 1
name: fork
deviceMemory: 64MiB
objects: { A: { size: 1MiB, element: 64B } }
phases:
  - name: work
    steps:
      - { on: cpu, do: [{ write: A }] }
      - os: { fork: child }
      - { on: cpu, process: child, do: [{ write: A, part: [0, 0.5] }] }
      - { on: cpu, do: [{ read: A }] }
      - { on: cpu, process: child, do: [{ read: A }] }
`;
    expect((await run(text)).summary.numbers.cowBreaks).toBe(8);
    expect((await run(text, { kernelPage: '4k' })).summary.numbers.cowBreaks).toBe(128);
  });
});

describe('mempolicy', () => {
  it('names the node: home, else the GPU if it is in the mask, else the CPU, else the first', () => {
    const of = (nodes: readonly number[], home: number | null = null, mode: 'bind' | 'preferred' = 'bind') =>
      atsDestination(GPU0, { mode, nodes, home }, false);
    expect(atsDestination(GPU0, null, false)).toEqual({ node: 1, hasPreferredLocation: false });
    expect(atsDestination(GPU0, null, true)).toEqual({ node: 0, hasPreferredLocation: false });
    expect(of([0, 1], 2)).toEqual({ node: 2, hasPreferredLocation: true });
    expect(of([0, 1], 2, 'preferred').node).toBe(1);
    expect(of([0, 1]).node).toBe(1);
    expect(of([0, 2]).node).toBe(0);
    expect(of([2, 3]).node).toBe(2);
  });

  it('bound to the CPU, the first touch of the GPU places pages there', async () => {
    const bound = workload('os: { mbind: A, node: cpu }', '{ on: gpu0, do: [{ write: A }] }', 1);
    const { totals, summary } = await run(bound, NO_COUNTERS);
    expect(summary.numbers.peakDeviceBytes).toBe(0);
    expect(totals['remoteBytes']).toBe(8 * MIB);
  });

  it('bound to the GPU, the CPU fills it there, and one GPU fault fills a whole window', async () => {
    const byCpu = workload('os: { mbind: A, node: gpu0 }', CPU_FILLS, 1);
    expect((await run(byCpu)).summary.numbers.peakDeviceBytes).toBe(8 * MIB);
    const byGpu = workload(
      'os: { mbind: A, nodes: [cpu, gpu0], policy: preferred-many }',
      '{ on: gpu0, do: [{ write: A }] }',
      1,
    );
    expect((await run(byGpu)).totals['gpuFaults']).toBe(4);
    const off = await run(byGpu, NO_PREFETCH);
    expect(off.totals['gpuFaults']).toBe(128);
  });
});

describe('uvm_perf_access_counter_*', () => {
  it('matter where memory is used again: counters bring it, and later passes are local', async () => {
    const { totals } = await run(reuse);
    expect(totals['bytesToDevice']).toBe(8 * MIB);
    expect(totals['remoteBytes']!).toBeLessThan(8 * MIB);
  });

  it('do nothing on a kernel with 4 KiB pages', async () => {
    expect((await run(reuse, { kernelPage: '4k' })).totals).toMatchObject({ migrations: 0, remoteBytes: 32 * MIB });
  });

  it('on a machine with a clock the GPU runs on while a batch moves: more goes over the link than without one', async () => {
    const timed = await run(reuse, {}, pcie4x16g);
    expect(timed.totals['bytesToDevice']!).toBeGreaterThan(MIB);
    expect(timed.totals['remoteBytes']!).toBeGreaterThan((await run(reuse)).totals['remoteBytes']!);
    expect(endPs(timed)).toBeLessThan(endPs(await run(reuse, NO_COUNTERS, pcie4x16g)));
  });

  it('a policy that prefers the GPU brings the whole window at the first notification', async () => {
    const bound = workload(CPU_FILLS, '{ on: gpu0, do: [{ read: A, part: [0, 0.01] }] }', 1).replace(
      '  - name: work',
      '      - os: { mbind: A, nodes: [cpu, gpu0] }\n  - name: work',
    );
    expect((await run(bound)).totals['bytesToDevice']).toBe(2 * MIB);
    expect((await run(bound, NO_PREFETCH)).totals['bytesToDevice']).toBe(128 * KIB);
  });

  it('pinned pages stay where they are, and their region is silent from then on', async () => {
    const pinned = reuse.replace('  - name: work', '      - os: { pin: A }\n  - name: work');
    expect((await run(pinned)).totals).toMatchObject({ migrations: 0, remoteBytes: 32 * MIB });
  });
});

describe('on the machine gh200', () => {
  const passes = (count: number): string =>
    workload(CPU_FILLS, '{ on: gpu0, do: [{ read: A }] }', count).replaceAll('element: 64B', 'element: 4KiB');
  const gain = async (count: number): Promise<number> => {
    const plain = { contents: false };
    const [on, off] = [
      await run(passes(count), plain, gh200),
      await run(passes(count), { ...plain, ...NO_COUNTERS }, gh200),
    ];
    return endPs(off) / endPs(on);
  };

  it('migration breaks even: counters gain nothing on memory read once, and much on memory read a thousand times', async () => {
    const [once, often, always] = [await gain(1), await gain(100), await gain(1000)];
    expect(once).toBeGreaterThan(0.9);
    expect(once).toBeLessThanOrEqual(1);
    expect(often).toBeGreaterThan(once);
    expect(always).toBeGreaterThan(often);
    expect(always).toBeGreaterThan(1.5);
  });

  it('a GPU fault that places pages takes the driver its own parts: no unmapping, no copy', async () => {
    const { run: done } = await run(gpuFirst, NO_PREFETCH, gh200);
    const { interrupt, replay, fetchPerEntry, preprocessPerEntry, perBlock, populatePerChunk, zeroing } =
      gh200.timing!.driver!;
    const faults = 128;
    // The device raises a fault for each 4 KiB that a thread group touches; 256 entries are 16 pages of the kernel.
    const entries = (8 * MIB) / (4 * KIB);
    const batches = entries / gh200.faultBatchEntries.value;
    const blocks = batches; // no batch goes beyond a block of 2 MiB
    const ps =
      batches * (interrupt.value + replay.value) +
      entries * fetchPerEntry.value +
      faults * (preprocessPerEntry.value + populatePerChunk.value) +
      blocks * perBlock.value +
      ((8 * MIB) / zeroing.value) * 1e12;
    expect(done.metric('gpuFaults', 0)).toBe(faults);
    const raised = done.events.find((row) => row.name === 'fault')!.time!;
    const ended = done.events.find((row) => row.name === 'step' && row.duration! > 0)!.time!;
    expect((ended - raised) / ps).toBeCloseTo(1, 4); // one batch after the other
    expect(done.metric('stallPs', 0)).toBeLessThan(ps); // the device stores what it can meanwhile
    expect(done.metric('stallPs', 0) / ps).toBeGreaterThan(0.95);
  });

  it('NVLink-C2C carries pages both ways, each at its own rate', async () => {
    const text = workload(CPU_FILLS, 'os: { migrate: A, to: gpu0 }\n      - os: { migrate: A, to: cpu }', 1);
    const { run: done } = await run(text, {}, gh200);
    const rate = (from: number): number => {
      const rows = done.events.filter((row) => row.name === 'migration' && row.source === from);
      const ps = rows.reduce((sum, row) => sum + row.duration!, 0);
      return (8 * MIB) / (ps / 1e12) / 1e9;
    };
    expect(rate(0) / rate(1)).toBeCloseTo(375 / 297, 1);
  });
});

describe('numa_balancing', () => {
  const scans = { scanPeriodMs: 1, ...NO_COUNTERS, ...NO_PREFETCH };

  it('hint faults of the GPU cost time, and move nothing', async () => {
    const text = workload(CPU_FILLS, '{ on: gpu0, do: [{ read: A }] }', 8);
    const on = await run(text, scans, pcie4x16g);
    expect(on.totals['gpuFaults']!).toBeGreaterThan(0);
    expect(on.totals).toMatchObject({ migrations: 0 });
    expect(on.summary.numbers.hintFaults).toBe(on.totals['gpuFaults']);
    expect(endPs(on)).toBeGreaterThan(endPs(await run(text, { ...scans, numaBalancing: false }, pcie4x16g)));
  });
});
