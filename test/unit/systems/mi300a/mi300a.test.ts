/** MI300A: one memory per APU. What page size, XNACK, granularity and the place among APUs cost, and when they do not. */
import { describe, expect, it } from 'vitest';
import type { MachineSpec } from '../../../../src-core/model/machine';
import { mi300a as machine } from '../../../../src-core/presets/machines/mi300a';
import { runSystem, type SystemRun } from '../run-system';

const MIB = 2 ** 20;

/** Objects of 4 MiB, and steps on them. */
const workload = (steps: readonly string[], repeat = 1, object = ''): string => `
faultline: 1
name: test
deviceMemory: 32MiB
objects:
  A: { size: 4MiB, element: 64B${object} }
  B: { size: 4MiB, element: 64B }
phases:
  - name: work
    repeat: ${repeat}
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
const cpu = (what: string): string => `{ on: cpu, do: [{ ${what} }] }`;
const gpu = (what: string, device = 0): string => `{ on: gpu${device}, do: [{ ${what} }] }`;

const run = async (
  text: string,
  params = {},
  timed: MachineSpec | undefined = machine,
  changes = {},
): Promise<SystemRun> => {
  const done = await runSystem(text, 'mi300a', { contents: true, ...params }, changes, timed);
  expect(done.mismatches).toBe(0);
  expect(done.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
  return done;
};
const endPs = ({ memory }: SystemRun): number => memory.clocks.latest();
const US = 1e6;

describe('inside one APU', () => {
  it('no page moves and no access is remote, whichever processor touches memory first', async () => {
    for (const steps of [
      [cpu('write: A'), gpu('readwrite: A'), cpu('read: A')],
      [gpu('write: A'), cpu('readwrite: A'), gpu('read: A')],
    ]) {
      const { totals, summary } = await run(workload(steps, 3));
      expect(totals).toMatchObject({ migrations: 0, remoteBytes: 0 });
      expect(summary.outcomes).toEqual([]);
    }
  });

  it('a GPU fault is minor where the page exists, major where it does not, and maps 2 MiB', async () => {
    const minor = await run(workload([cpu('write: A'), gpu('read: A')]));
    expect(minor.totals).toMatchObject({ cpuFaults: 1024, gpuFaults: 2 });
    const major = await run(workload([gpu('write: A'), cpu('read: A')]));
    expect(major.totals).toMatchObject({ cpuFaults: 0, gpuFaults: 2 });
    const faults = (done: SystemRun) =>
      done.run.events.filter(({ name, processor }) => name === 'fault' && processor === 1);
    expect(new Set(faults(minor).map(({ reason }) => reason)).size).toBe(1);
    expect(faults(minor)[0]!.reason).not.toBe(faults(major)[0]!.reason);
  });

  it('the parts of the driver add up to what was measured: 16 us for a minor fault, 18.8 us with a page to make', async () => {
    const onePage = { svm_default_granularity: 0 };
    const stallOf = async (text: string, object: number): Promise<number> =>
      (await run(text, onePage)).run.metric('stallPs', object) / US;
    const none = await stallOf(workload([cpu('write: A, bytes: [0, 64]')]), 0);
    const minor = await stallOf(workload([cpu('write: A, bytes: [0, 64]'), gpu('read: A, bytes: [0, 64]')]), 0);
    const major = await stallOf(workload([gpu('write: B, bytes: [0, 64]')]), 1);
    expect(minor - none).toBeCloseTo(16, 1);
    expect(major).toBeCloseTo(18.8, 1);
  });

  it('in bulk too: about 9.0 M minor and 1.1 M major pages a second', async () => {
    const pages = 1024;
    const of = async (text: string): Promise<number> => {
      const done = await run(text, { thp: 'never' });
      const ordinals = done.run.events.filter(({ name, processor }) => name === 'fault' && processor === 1).length;
      expect(ordinals).toBe(2);
      return done.run.metric('stallPs', 0);
    };
    const cpuPs = (await run(workload([cpu('write: A')]), { thp: 'never' })).run.metric('stallPs', 0);
    const minorPs = (await of(workload([cpu('write: A'), gpu('read: A')]))) - cpuPs;
    const majorPs = await of(workload([gpu('write: A')]));
    expect(pages / (minorPs / US)).toBeCloseTo(9.0, 0); // pages per us are M pages per s
    expect(pages / (majorPs / US)).toBeCloseTo(1.1, 1);
  });
});

describe('page size', () => {
  it('transparent_hugepage matters to the CPU, which fills memory in fewer faults, and to the bandwidth of the GPU', async () => {
    const text = workload([cpu('write: A'), gpu('read: A'), gpu('read: A'), gpu('read: A')]);
    const [small, huge] = [await run(text, { thp: 'never' }), await run(text, { thp: 'always' })];
    expect(small.totals['cpuFaults']).toBe(1024);
    expect(huge.totals['cpuFaults']).toBe(2);
    const kernels = ({ run: { events } }: SystemRun) =>
      events.filter(({ name, processor, duration }) => name === 'step' && processor === 1 && duration! > 0);
    const launch = machine.timing!.kernelLaunch.value;
    const last = (done: SystemRun): number => kernels(done).at(-1)!.duration! - launch;
    expect(last(small) / last(huge)).toBeCloseTo(1.15, 2);
  });
});

describe('svm_default_granularity', () => {
  it('a fault allocates all pages of its piece, untouched ones included', async () => {
    const touched = workload([gpu('write: A, bytes: [0, 64]')]);
    expect((await run(touched)).summary.numbers.peakHostBytes).toBe(2 * MIB);
    expect((await run(touched, { svm_default_granularity: 0 })).summary.numbers.peakHostBytes).toBe(4096);
  });
});

describe('xnack', () => {
  const off = { xnack: false };

  it('off, memory from malloc is out of the reach of the GPU', async () => {
    const { summary } = await run(workload([cpu('write: A'), gpu('read: A')]), off);
    expect(summary.outcomes).toMatchObject([
      { result: 'EFAULT', what: 'gpu0 read', object: 'A', count: 1 },
      { result: 'not executed', what: 'gpu0: its process is gone', object: 'A' },
    ]);
    expect(summary.requirements.find(({ id }) => id === '6b')!.holds).toBe(false);
  });

  it('off, registered memory is mapped at once, and again a millisecond after each change', async () => {
    const registered = ['os: { advise: A, hint: accessed-by, at: gpu0 }', gpu('readwrite: A'), gpu('read: A')];
    const quiet = await run(workload([cpu('write: A'), ...registered]), off);
    expect(quiet.totals['gpuFaults']).toBe(0);
    const text = workload([cpu('write: A'), ...registered, 'os: { madvise: A, advice: dontneed }', gpu('read: A')]);
    const changed = await run(text, off);
    expect(changed.totals['gpuFaults']).toBe(1);
    expect(changed.summary.outcomes).toEqual([]);
    expect(endPs(changed) - endPs(quiet)).toBeGreaterThan(1000 * US);
    const on = await run(text);
    expect(on.totals['gpuFaults']).toBe(4);
    expect(endPs(on)).toBeLessThan(endPs(changed));
  });
});

describe('several APUs', () => {
  it('memory that the CPU of APU 0 touched first is remote to gpu1, and slower', async () => {
    // The first pass waits for faults, and the device runs on meanwhile; the second one shows what the memory takes.
    const twice = (device: number): string[] => [gpu('read: A', device), gpu('read: A', device)];
    const near = await run(workload([cpu('write: A'), ...twice(0), gpu('read: B', 1)]));
    const far = await run(workload([cpu('write: A'), gpu('read: B', 0), ...twice(1)]));
    expect(near.totals['remoteBytes']).toBe(0);
    expect(far.totals['remoteBytes']).toBe(2 * 4 * MIB);
    expect(endPs(far)).toBeGreaterThan(endPs(near));
    const local = await run(workload([gpu('write: A', 1), gpu('readwrite: A', 1), gpu('read: B', 0)]));
    expect(local.totals).toMatchObject({ remoteBytes: 0, migrations: 0 });
  });

  it('mbind moves it to the APU that uses it, over the fabric', async () => {
    const text = workload([cpu('write: A'), 'os: { mbind: A, node: gpu1 }', gpu('read: A', 1), gpu('read: B', 0)]);
    const { totals } = await run(text);
    expect(totals).toMatchObject({ remoteBytes: 0, bytesToDevice: 4 * MIB });
  });

  it('apus: what one APU cannot hold spills to the others, and is remote even to its own CPU and GPU', async () => {
    const text = workload([cpu('write: A'), cpu('write: B'), gpu('read: A'), gpu('read: B')]);
    const small = { deviceMemoryBytes: 6 * MIB };
    const spilled = await run(text, {}, machine, small);
    expect(spilled.totals['remoteBytes']).toBe(2 * 2 * MIB);
    expect(spilled.memory.kernel.counters.spilled).toBe((2 * MIB) / 4096);
    expect(spilled.summary.outcomes).toEqual([]);
    const alone = await run(text, { apus: 1 }, machine, small);
    expect(alone.summary.outcomes[0]).toMatchObject({ result: 'OOM' });
    const fits = await run(text);
    for (const apus of [1, 4]) expect((await run(text, { apus })).totals).toEqual(fits.totals);
  });
});

describe('numa_balancing', () => {
  it('inside one APU costs GPU faults and moves nothing', async () => {
    const scans = { scanPeriodMs: 1 };
    const near = workload([cpu('write: A'), gpu('read: A'), gpu('read: A')], 8);
    const [on, off] = [await run(near, scans), await run(near, { ...scans, numaBalancing: false })];
    expect(on.totals['migrations']).toBe(0);
    expect(on.totals['gpuFaults']!).toBeGreaterThan(off.totals['gpuFaults']!);
  });
});
