/** Intel Xe in runs of the real engine: what moves, when, and what the driver answers. */
import { describe, expect, it } from 'vitest';
import { MIB, PS_PER_MS } from '../../../../src-core/base/units';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { CPU } from '../../../../src-core/model/processor';
import { answers, counted, evicted, FILL, runXe, TOUCH } from '../driver-stage';

const READ = '{ on: gpu0, do: [{ read: a }] }';
const PEEK = '{ on: cpu, do: [{ read: a, elements: [100, 101] }] }';
const ATOMIC = '{ on: gpu0, do: [{ atomic: a, elements: [0, 1] }] }';
const advise = (hint: string, more = ''): string => `os: { advise: a, hint: ${hint}${more} }`;
const file = 'f: { size: 2MiB, element: 64B, map: file-shared }';

describe('a fault makes a range, and moves it whole', () => {
  it('one element of 4 MiB brings 2 MiB, and one byte of the CPU brings them back', async () => {
    const there = await runXe([FILL, TOUCH]);
    expect(there.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 2 * MIB, bytesToHost: 0 });
    expect(counted(there)).toMatchObject({ svmRanges2M: 1, svmRanges64K: 0, svmRanges4K: 0, svmZaps: 0 });
    const back = await runXe([FILL, TOUCH, PEEK, TOUCH]);
    expect(back.totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 4 * MIB, bytesToHost: 2 * MIB });
    expect(counted(back)).toMatchObject({ svmRanges2M: 1, svmZaps: 1 });
    expect(back.mismatches).toBe(0);
  });

  it('64 KiB where 2 MiB do not fit, if the CPU has all of it; else single pages', async () => {
    const objects = ['small: { size: 128KiB, element: 64B }'];
    const touch = '{ on: gpu0, do: [{ read: small, elements: [0, 1] }] }';
    const filled = await runXe(['{ on: cpu, do: [{ write: small }] }', touch], { objects });
    expect(filled.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 65_536 });
    const part = '{ on: cpu, do: [{ write: small, elements: [0, 500] }] }'; // eight of the sixteen pages
    const bare = await runXe([part, touch], { objects });
    expect(bare.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 4096 });
    expect(counted(bare)).toMatchObject({ svmRanges64K: 0, svmRanges4K: 1 });
  });

  it('all or nothing: one page on swap keeps the range in host memory', async () => {
    const out = 'os: { madvise: a, advice: pageout, elements: [64, 65] }';
    const result = await runXe([FILL, out, TOUCH], { params: { hostMemory: 64, swap: 64 } });
    expect(result.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 0 });
    expect(counted(result)).toMatchObject({ svmMigrationsFailed: 1 });
    expect(result.mismatches).toBe(0);
    // The range is bound now. When the CPU's table changes it faults again, with all of its pages there.
    const again = await runXe(
      [FILL, out, TOUCH, 'os: { mprotect: a, prot: r }', 'os: { mprotect: a, prot: rw }', TOUCH],
      {
        params: { hostMemory: 64, swap: 64 },
      },
    );
    expect(again.totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 2 * MIB });
  });

  it('what is not anonymous is bound in host memory, by ranges of the same sizes', async () => {
    const steps = [
      '{ on: cpu, do: [{ write: f }] }',
      '{ on: gpu0, do: [{ readwrite: f }] }',
      '{ on: cpu, do: [{ read: f }] }',
    ];
    const result = await runXe(steps, { objects: [file] });
    expect(result.totals).toMatchObject({ gpuFaults: 1, bytesToDevice: 0, remoteBytes: 2 * MIB });
    expect(counted(result)).toMatchObject({ svmRanges2M: 1, svmMigrationsFailed: 0 });
    expect(result.mismatches).toBe(0);
  });

  it('memory that the CPU may not write is out of reach, for reading too', async () => {
    expect(answers(await runXe([FILL, 'os: { mprotect: a, prot: r }', TOUCH]))).toEqual(['gpu0 read: EPERM']);
  });

  it('any invalidation unbinds the whole range', async () => {
    const result = await runXe([FILL, READ, 'os: { madvise: a, advice: dontneed, elements: [64, 65] }', READ]);
    expect(counted(result)).toMatchObject({ svmZaps: 1, svmMixedRanges: 1 });
    // Its own VRAM pages cannot be collected again, the hole is filled in host memory: the range goes home, and stays.
    expect(result.mismatches).toBe(0);
    expect(answers(result)).toEqual([]);
  });

  it('data goes from one device to the other through host memory', async () => {
    const result = await runXe([FILL, TOUCH, TOUCH.replace('gpu0', 'gpu1'), '{ on: cpu, do: [{ read: a }] }']);
    expect(result.totals).toMatchObject({
      bytesToDevice: 2 * MIB,
      bytesToHost: 2 * MIB,
      bytesPeer: 0,
      remoteBytes: 64,
    });
    expect(counted(result)).toMatchObject({ svmMigrationsFailed: 1 });
    expect(result.mismatches).toBe(0);
  });
});

describe('VRAM is taken and evicted by allocations', () => {
  it('a full device evicts what was brought first, however recently it was used', async () => {
    const half = (name: string): string => `{ on: gpu0, do: [{ read: ${name}, part: [0, 0.5] }] }`;
    const steps = [FILL, half('a'), half('b'), half('a'), half('c'), half('b')];
    const result = await runXe(steps, { memory: '4MiB' });
    expect(evicted(result)).toEqual([0]);
    expect(result.totals).toMatchObject({ gpuFaults: 3, bytesToDevice: 6 * MIB, bytesToHost: 2 * MIB });
    expect(result.mismatches).toBe(0);
  });

  it('a CPU fault that finds host memory too short is SIGBUS, and nothing of the allocation moves', async () => {
    const one = '{ on: cpu, do: [{ write: a, part: [0, 0.5] }] }';
    const steps = [one, TOUCH, '{ on: cpu, do: [{ write: b }] }', '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }'];
    const short = await runXe(steps, { params: { hostMemory: 5 } });
    expect(answers(short)).toEqual(['cpu read: SIGBUS']);
    expect(short.totals['bytesToHost']).toBe(0);
    expect(answers(await runXe(steps, { params: { hostMemory: 6 } }))).toEqual([]);
  });

  it('memory that mremap moved while it was in VRAM comes home all the same', async () => {
    const result = await runXe([FILL, TOUCH, 'os: { mremap: a }', PEEK, '{ on: cpu, do: [{ read: a }] }']);
    expect(answers(result)).toEqual([]);
    expect(result.totals).toMatchObject({ bytesToHost: 2 * MIB });
    expect(result.mismatches).toBe(0);
  });

  it('a child and its parent each keep their own bytes', async () => {
    const result = await runXe([
      FILL,
      '{ on: gpu0, do: [{ write: a, part: [0, 0.5] }] }',
      'os: { fork: child }',
      '{ on: gpu0, do: [{ readwrite: a }] }',
      '{ on: cpu, process: child, do: [{ read: a }, { write: a }] }',
      '{ on: gpu0, do: [{ readwrite: a }] }',
      '{ on: cpu, do: [{ read: a }] }',
    ]);
    expect(result.mismatches).toBe(0);
    expect(answers(result)).toEqual([]);
  });
});

describe('unmapping', () => {
  const cut = [FILL, TOUCH, 'os: { munmap: a, bytes: [512KiB, 1MiB] }'];

  it('a range that is unmapped in part is given up, and what is left of it stays in VRAM', async () => {
    const later = '{ on: cpu, do: [{ write: b, elements: [0, 1] }] }'; // time for the collector
    const stays = await runXe([...cut, later]);
    expect(stays.totals).toMatchObject({ bytesToHost: 0 });
    expect(counted(stays)).toMatchObject({ svmGarbage: 1 });
  });

  it('the rest faults into smaller ranges', async () => {
    const rest = '{ on: gpu0, do: [{ read: a, bytes: [1MiB, 2MiB], element: 64B }] }';
    const result = await runXe([...cut, rest, '{ on: cpu, do: [{ read: a, bytes: [1MiB, 2MiB], element: 64B }] }']);
    expect(counted(result)).toMatchObject({ svmRanges2M: 1, svmRanges64K: 16 });
    expect(result.mismatches).toBe(0);
  });
});

describe('atomics', () => {
  const machine = pcie4x16g;

  it('bring data to VRAM, whatever is preferred; what cannot migrate is EACCES', async () => {
    const system = advise('preferred-location', ', at: cpu');
    expect((await runXe([FILL, system, TOUCH])).totals).toMatchObject({ bytesToDevice: 0 });
    expect((await runXe([FILL, system, ATOMIC])).totals).toMatchObject({ bytesToDevice: 2 * MIB });
    const fileAtomic = '{ on: gpu0, do: [{ atomic: f, elements: [0, 1] }] }';
    const denied = await runXe(['{ on: cpu, do: [{ write: f }] }', fileAtomic], { objects: [file] });
    expect(answers(denied)).toEqual(['gpu0 atomic: EACCES']);
    expect(answers(await runXe([FILL, advise('atomic-cpu'), ATOMIC]))).toEqual(['gpu0 atomic: EACCES']);
  });

  it('hold their data in VRAM for the time slice: a CPU fault waits', async () => {
    const slice = async (ms: number, step: string): Promise<{ waits: number; cpuPs: number }> => {
      const result = await runXe([FILL, step, PEEK], { params: { atomic_svm_timeslice_ms: ms }, machine });
      expect(result.totals['bytesToHost']).toBe(2 * MIB);
      return { waits: counted(result)['svmTimesliceWaits']!, cpuPs: result.run.run.memory.clocks.now(CPU) };
    };
    const [none, five] = [await slice(0, ATOMIC), await slice(5, ATOMIC)];
    expect([none.waits, five.waits]).toEqual([0, 1]);
    expect(five.cpuPs - none.cpuPs).toBeGreaterThan(4 * PS_PER_MS);
    expect(five.cpuPs - none.cpuPs).toBeLessThanOrEqual(5 * PS_PER_MS);
    // Other faults have no time slice.
    const [plain, long] = [await slice(0, TOUCH), await slice(5, TOUCH)];
    expect(long).toEqual(plain);
    expect(plain.waits).toBe(0);
  });

  it('try three times where VRAM is mandatory: pages of another device never come, and the fault fails', async () => {
    const result = await runXe([FILL, TOUCH.replace('gpu0', 'gpu1'), ATOMIC]);
    expect(answers(result)).toEqual(['gpu0 atomic: EBUSY']);
    expect(counted(result)).toMatchObject({ svmMigrationsFailed: 3 });
  });
});

describe('what the program says', () => {
  it('preferred locations: host memory, or the device that faults', async () => {
    const system = await runXe([FILL, advise('preferred-location', ', at: cpu'), READ]);
    expect(system.totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 0, remoteBytes: 4 * MIB });
    const steps = [FILL, advise('preferred-location', ', at: cpu'), advise('no-preferred-location'), READ];
    expect((await runXe(steps)).totals).toMatchObject({ bytesToDevice: 4 * MIB, remoteBytes: 0 });
    expect(answers(await runXe([advise('accessed-by', ', at: gpu0')]))).toEqual(['advise accessed-by gpu0: EINVAL']);
  });

  it('a hint on part of a range gives the range up: what it had in VRAM goes home, and new ranges keep to the borders', async () => {
    const result = await runXe([FILL, TOUCH, advise('preferred-location', ', at: cpu, bytes: [0, 64KiB]'), READ]);
    expect(result.totals['bytesToHost']).toBe(2 * MIB);
    expect(result.totals['remoteBytes']).toBe(65_536);
    expect(counted(result)).toMatchObject({ svmRanges2M: 2, svmRanges64K: 32 });
    expect(result.mismatches).toBe(0);
  });

  it('a prefetch makes ranges, moves and binds them; home again it evicts them', async () => {
    const there = await runXe([FILL, 'os: { migrate: a, to: gpu0 }', READ]);
    expect(there.totals).toMatchObject({ gpuFaults: 0, bytesToDevice: 4 * MIB });
    const back = await runXe([FILL, 'os: { migrate: a, to: gpu0 }', 'os: { migrate: a, to: cpu }', READ]);
    expect(back.totals).toMatchObject({ gpuFaults: 0, bytesToHost: 4 * MIB, remoteBytes: 4 * MIB });
    const gone = await runXe([FILL, 'os: { munmap: a }', 'os: { migrate: a, to: gpu0 }']);
    expect(answers(gone)).toEqual(['migrate to gpu0: ENOENT']);
  });
});
