/** Grace Hopper on ATS: who places pages, who moves them, and where each knob matters. */
import { describe, expect, it } from 'vitest';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { runSystem, type SystemRun } from './run-system';

/** 8 MiB that the CPU fills; then kernels on gpu0 as given. */
const workload = (kernels: string, object = 'size: 8MiB, element: f64'): string => `
faultline: 1
name: test
deviceMemory: 64MiB
granularity: 64KiB
objects:
  A: { ${object} }
phases:
  - name: init
    steps: [{ on: cpu, do: [{ write: A }] }]
  - name: work
    repeat: 4
    steps:
${kernels}
`;
const reuse = workload('      - { on: gpu0, do: [{ read: A }] }');
const sound = (run: SystemRun): SystemRun => {
  expect(run.mismatches).toBe(0);
  expect(run.summary.outcomes).toEqual([]);
  expect(run.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
  return run;
};
const run = async (text: string, params = {}, machine?: typeof pcie4x16g): Promise<SystemRun> =>
  sound(await runSystem(text, 'gh-ats', { contents: true, ...params }, {}, machine));

describe('GPU faults', () => {
  const gpuFirst = workload('      - { on: gpu0, do: [{ readwrite: A }] }').replace('on: cpu, do', 'on: gpu0, do');
  it('place pages that do not exist on the GPU, and move nothing', async () => {
    const { totals, summary } = await run(gpuFirst);
    expect(totals).toMatchObject({ bytesToDevice: 0, remoteBytes: 0 });
    expect(totals['gpuFaults']!).toBeGreaterThan(0);
    expect(summary.numbers.peakDeviceBytes).toBe(8 * 2 ** 20);
  });

  it('never move pages that exist: with counters off all accesses go over the link', async () => {
    const { totals } = await run(reuse, { uvm_perf_access_counter_migration_enable: 0 });
    expect(totals).toMatchObject({ gpuFaults: 0, migrations: 0, remoteBytes: 4 * 8 * 2 ** 20 });
  });
});

describe('uvm_perf_access_counter_*', () => {
  it('matters where memory is used again: counters bring it, and later passes are local', async () => {
    const { totals } = await run(reuse);
    expect(totals['bytesToDevice']).toBe(8 * 2 ** 20);
    expect(totals['remoteBytes']!).toBeLessThan(8 * 2 ** 20);
  });

  it('does not matter where accesses stay below the threshold', async () => {
    const sparse = workload('      - { on: gpu0, do: [{ read: A, pattern: strided, stride: 8192 }] }');
    for (const uvm_perf_access_counter_migration_enable of [0, 1]) {
      const { totals } = await run(sparse, { uvm_perf_access_counter_migration_enable });
      expect(totals).toMatchObject({ migrations: 0 });
    }
    const { totals } = await run(sparse, { uvm_perf_access_counter_threshold: 100 });
    expect(totals['migrations']!).toBeGreaterThan(0);
  });

  it('on a machine with a clock the GPU runs on while a batch moves: more goes over the link than without one', async () => {
    const counted = await run(reuse);
    const timed = await run(reuse, {}, pcie4x16g);
    expect(timed.totals['bytesToDevice']!).toBeGreaterThan(2 ** 20);
    expect(timed.totals['remoteBytes']!).toBeGreaterThan(counted.totals['remoteBytes']!);
    const off = await run(reuse, { uvm_perf_access_counter_migration_enable: 0 }, pcie4x16g);
    expect(timed.memory.clocks.latest()).toBeLessThan(off.memory.clocks.latest());
  });
});
