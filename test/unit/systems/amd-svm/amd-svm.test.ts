/** AMD KFD SVM in runs of the real engine: what moves, when, and what the driver answers. */
import { describe, expect, it } from 'vitest';
import { MIB } from '../../../../src-core/base/units';
import { answers, evicted, FILL, runAmd, type StageOptions, TOUCH } from '../driver-stage';

const run = (
  steps: readonly string[],
  params: StageOptions['params'] = {},
  memory = '64MiB',
  object?: string,
): ReturnType<typeof runAmd> => runAmd(steps, { params, memory, objects: object === undefined ? [] : [object] });

describe('a retry fault restores the aligned piece of its range', () => {
  it('one element of 4 MiB brings 2 MiB, and one byte of the CPU brings them back', async () => {
    const there = await run([FILL, TOUCH]);
    expect(there.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 2 * MIB, bytesToHost: 0 });
    const back = await run([FILL, TOUCH, '{ on: cpu, do: [{ read: a, elements: [100, 101] }] }']);
    expect(back.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 2 * MIB, bytesToHost: 2 * MIB, pingPongs: 0 });
    expect(back.mismatches).toBe(0);
  });

  it('untouched memory is populated on the device, the whole piece at once', async () => {
    const { summary, totals } = await run([TOUCH]);
    expect(totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 0 });
    expect(summary.numbers).toMatchObject({ peakDeviceBytes: 2 * MIB, untouchedDeviceBytes: 2 * MIB - 4096 });
  });

  it('what cannot migrate is mapped where it is: a mapped file', async () => {
    const file = 'f: { size: 2MiB, element: 64B, map: file-shared }';
    const { totals, summary } = await run(
      ['{ on: cpu, do: [{ write: f }] }', '{ on: gpu0, do: [{ readwrite: f }] }', '{ on: cpu, do: [{ read: f }] }'],
      {},
      '64MiB',
      file,
    );
    expect(totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 0, bytesToHost: 0, remoteBytes: 2 * MIB });
    expect(summary.numbers).toMatchObject({ peakDeviceBytes: 0, contentMismatches: 0 });
  });

  it('a fault that the CPU’s mapping does not allow is answered with EPERM', async () => {
    const result = await run([
      FILL,
      'os: { mprotect: a, prot: r }',
      '{ on: gpu0, do: [{ write: a, elements: [0, 1] }] }',
    ]);
    expect(answers(result)).toEqual(['gpu0 write: EPERM']);
  });
});

describe('VRAM is taken and evicted by buffer objects', () => {
  const devices = ['a', 'b'].map((name) => `{ on: gpu0, do: [{ read: ${name}, part: [0, 0.5] }] }`);

  it('a full device evicts what was brought first, however recently it was used', async () => {
    const steps = [FILL, ...devices, devices[0]!, '{ on: gpu0, do: [{ read: c, part: [0, 0.5] }] }', devices[1]!];
    const result = await run(steps, {}, '4MiB');
    expect(evicted(result)).toEqual([0]); // a, although b was not used since
    expect(result.totals).toMatchObject({ gpuFaults: 3, bytesToDevice: 6 * MIB, bytesToHost: 2 * MIB });
    expect(result.mismatches).toBe(0);
  });

  it('room is a matter of whole pieces: small ones fit side by side', async () => {
    const result = await run([FILL, ...devices, devices[0]!], { svm_default_granularity: 4 }, '4MiB');
    expect(evicted(result)).toEqual([]);
  });

  it('a range that is larger than the device stays in host memory (ENOSPC)', async () => {
    const result = await run([FILL, '{ on: gpu0, do: [{ read: a }] }'], { svm_default_granularity: 10 }, '2MiB');
    expect(result.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 0, remoteBytes: 4 * MIB });
    expect(answers(result)).toEqual([]);
  });

  it('memory that the application gives back gives its VRAM back', async () => {
    const steps = [
      FILL,
      devices[0]!,
      'os: { munmap: a }',
      devices[1]!,
      '{ on: gpu0, do: [{ read: c, part: [0, 0.5] }] }',
    ];
    expect(evicted(await run(steps, {}, '4MiB'))).toEqual([]);
    const kept = steps.filter((step) => !step.includes('munmap'));
    expect(evicted(await run(kept, {}, '4MiB'))).toEqual([0]);
  });
});

describe('several devices', () => {
  it('data goes from one device to the other through host memory', async () => {
    const result = await run([FILL, TOUCH, TOUCH.replace('gpu0', 'gpu1'), '{ on: cpu, do: [{ read: a }] }']);
    expect(result.totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 4 * MIB, bytesPeer: 0, bytesToHost: 4 * MIB });
    expect(result.mismatches).toBe(0);
  });
});

describe('memory that moves or is shared', () => {
  it('part of a range is unmapped: what is left of it is two ranges, and still comes back', async () => {
    const result = await run([
      FILL,
      TOUCH,
      'os: { munmap: a, bytes: [512KiB, 1MiB] }',
      '{ on: cpu, do: [{ read: a, bytes: [0, 512KiB], element: 64B }] }',
      '{ on: gpu0, do: [{ read: a, bytes: [1MiB, 2MiB], element: 64B }] }',
      '{ on: cpu, do: [{ read: a, bytes: [1MiB, 2MiB], element: 64B }] }',
    ]);
    expect(result.totals).toMatchObject({ bytesToDevice: 2 * MIB, bytesToHost: 1.5 * MIB });
    expect(result.mismatches).toBe(0);
    expect(answers(result)).toEqual([]);
  });

  it('a child brings pages of its parent’s range home; both read the same', async () => {
    const result = await run([
      FILL,
      '{ on: gpu0, do: [{ write: a, part: [0, 0.5] }] }',
      'os: { fork: child }',
      '{ on: cpu, process: child, do: [{ read: a, elements: [0, 1] }] }',
      '{ on: cpu, do: [{ read: a }] }',
      '{ on: cpu, process: child, do: [{ read: a }, { write: a }] }',
      '{ on: gpu0, do: [{ readwrite: a }] }',
      '{ on: cpu, do: [{ read: a }] }',
    ]);
    expect(result.mismatches).toBe(0);
    expect(answers(result)).toEqual([]);
  });

  it('device memory that mremap moved is in no range any more: the CPU gets SIGBUS, as svm_migrate_to_ram has it', async () => {
    const result = await run([FILL, TOUCH, 'os: { mremap: a }', '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }']);
    expect(answers(result)).toEqual(['cpu read: SIGBUS']);
    const home = await run([FILL, 'os: { mremap: a }', TOUCH, '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }']);
    expect(answers(home)).toEqual([]);
  });

  it('a CPU fault that finds host memory too short for the piece is SIGBUS, not OOM', async () => {
    const one = '{ on: cpu, do: [{ write: a, part: [0, 0.5] }] }';
    const steps = [one, TOUCH, '{ on: cpu, do: [{ write: b }] }', '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }'];
    const result = await run(steps, { hostMemory: 5 });
    expect(answers(result)).toEqual(['cpu read: SIGBUS']);
    expect(answers(await run(steps, { hostMemory: 6 }))).toEqual([]);
  });
});
