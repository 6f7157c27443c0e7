/** AMD KFD SVM: what the program tells the driver of a range, in runs of the real engine. */
import { describe, expect, it } from 'vitest';
import { MIB, PS_PER_MS } from '../../../../src-core/base/units';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { GPU0 } from '../../../../src-core/model/processor';
import { answers, counted, evicted, FILL, runAmd, TOUCH } from '../driver-stage';

const READ = '{ on: gpu0, do: [{ read: a }] }';
const advise = (hint: string, more = ''): string => `os: { advise: a, hint: ${hint}${more} }`;

describe('locations', () => {
  it('preferred in host memory: the device reads over the bus, and nothing moves', async () => {
    const { totals } = await runAmd([FILL, advise('preferred-location', ', at: cpu'), READ]);
    expect(totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 0, remoteBytes: 4 * MIB });
  });

  it('preferred where a fault would bring it anyway: no difference', async () => {
    const [told, plain] = [
      await runAmd([FILL, advise('preferred-location', ', at: gpu0'), READ]),
      await runAmd([FILL, READ]),
    ];
    const moved = ({ totals }: typeof told): unknown => [totals['bytesToDevice'], totals['remoteBytes']];
    expect(moved(told)).toEqual(moved(plain));
  });

  it('a preference that is taken back counts no more', async () => {
    const steps = [FILL, advise('preferred-location', ', at: cpu'), advise('no-preferred-location'), READ];
    expect((await runAmd(steps)).totals).toMatchObject({ bytesToDevice: 4 * MIB, remoteBytes: 0 });
  });

  it('a prefetch moves at once, and the device does not fault; a later one of the same place moves again', async () => {
    const steps = [FILL, 'os: { migrate: a, to: gpu0 }', READ];
    const once = await runAmd(steps);
    expect(once.totals).toMatchObject({ gpuFaults: 0, bytesToDevice: 4 * MIB });
    const again = await runAmd([...steps, '{ on: cpu, do: [{ read: a }] }', ...steps.slice(1)]);
    expect(again.totals).toMatchObject({ gpuFaults: 0, bytesToDevice: 8 * MIB, bytesToHost: 4 * MIB });
    const back = await runAmd([...steps, 'os: { migrate: a, to: cpu }', '{ on: cpu, do: [{ read: a }] }']);
    expect(back.totals).toMatchObject({ bytesToHost: 4 * MIB });
    expect(back.totals['cpuFaults']).toBe(once.totals['cpuFaults']);
  });

  it('a prefetch of a hole is answered with EFAULT, and a hint of another vendor with EINVAL', async () => {
    const gone = await runAmd([FILL, 'os: { munmap: a, part: [0.5, 1] }', 'os: { migrate: a, to: gpu0 }']);
    expect(answers(gone)).toEqual(['migrate to gpu0: EFAULT']);
    expect(gone.totals).toMatchObject({ bytesToDevice: 0 });
    expect(answers(await runAmd([advise('atomic-device')]))).toEqual(['advise atomic-device: EINVAL']);
    expect(answers(await runAmd([advise('accessed-by', ', at: cpu')]))).toEqual(['advise accessed-by cpu: EINVAL']);
  });
});

describe('kinds of access', () => {
  it('in place: the device maps the data where it is', async () => {
    const steps = [FILL, advise('accessed-by', ', at: gpu0'), READ];
    const { totals } = await runAmd(steps);
    expect(totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 0, remoteBytes: 4 * MIB });
    const access = await runAmd([...steps.slice(0, 2), advise('access', ', at: gpu0'), READ]);
    expect(access.totals).toMatchObject({ bytesToDevice: 4 * MIB, remoteBytes: 0 });
  });

  it('no access: EACCES, for this range and this device only', async () => {
    const steps = [
      FILL,
      advise('not-accessed-by', ', at: gpu0'),
      TOUCH,
      TOUCH.replace('gpu0', 'gpu1'),
      TOUCH.replace('read: a', 'read: b'),
    ];
    expect(answers(await runAmd(steps))).toEqual(['gpu0 read: EACCES']);
  });

  it('a hive lets data stay on the other device; without one it comes through host memory', async () => {
    const steps = [FILL, advise('accessed-by', ', at: gpu1'), TOUCH, TOUCH.replace('gpu0', 'gpu1')];
    const apart = await runAmd(steps);
    const joined = await runAmd(steps, { params: { xgmiHive: true } });
    expect(apart.totals).toMatchObject({ bytesToDevice: 2 * MIB, bytesToHost: 2 * MIB, gpuFaults: 2 });
    expect(joined.totals).toMatchObject({ bytesToDevice: 2 * MIB, bytesToHost: 0, gpuFaults: 2 });
    expect([apart.mismatches, joined.mismatches]).toEqual([0, 0]);
    const alone = [FILL, TOUCH];
    expect((await runAmd(alone)).run.hash).toBe((await runAmd(alone, { params: { xgmiHive: true } })).run.hash);
  });
});

describe('granularity of a range', () => {
  it('faults of the range move pieces of its own size; other memory keeps the default', async () => {
    const steps = [FILL, advise('granularity', ', value: 4'), TOUCH, TOUCH.replace('read: a', 'read: b')];
    expect((await runAmd(steps)).totals).toMatchObject({ gpuFaults: 2, bytesToDevice: 65_536 + 2 * MIB });
  });

  it('attributes of a part split the range', async () => {
    const steps = [FILL, advise('preferred-location', ', at: cpu, part: [0.25, 0.5]'), READ];
    const { totals, summary } = await runAmd(steps);
    // The rest of the first 2 MiB is a range of its own, below the part that was told of.
    expect(totals).toMatchObject({ bytesToDevice: 3 * MIB, remoteBytes: MIB });
    expect(counted({ summary } as never)['svmRanges']).toBe(3);
  });
});

describe('registered memory', () => {
  it('takes VRAM for all of a range at once, however little of it comes', async () => {
    const objects = ['d: { size: 32MiB, element: 64B }'];
    const pick = (name: string, at: number): string =>
      `{ on: gpu0, do: [{ read: ${name}, elements: [${at}, ${at + 1}] }] }`;
    const steps = ['{ on: cpu, do: [{ write: d }, { write: a }] }', pick('d', 0), pick('a', 0), pick('d', 300_000)];
    // 128 MiB of VRAM: registered ranges have 4 MiB (1/32), those of malloc 2 MiB.
    const peak = async (register: boolean): Promise<number> =>
      (await runAmd(steps, { params: { register }, objects, memory: '128MiB' })).summary.numbers.peakDeviceBytes;
    expect(await peak(true)).toBe(12 * MIB);
    expect(await peak(false)).toBe(6 * MIB);
  });

  it('does not matter where faults restore it all, and for what no device uses', async () => {
    const [plain, registered] = [
      await runAmd([FILL, READ]),
      await runAmd([FILL, READ], { params: { register: true } }),
    ];
    const moved = ({ totals }: typeof plain): unknown => [
      totals['bytesToDevice'],
      totals['gpuFaults'],
      totals['remoteBytes'],
    ];
    expect(moved(registered)).toEqual(moved(plain));
    expect([plain.summary.numbers.apiCalls, registered.summary.numbers.apiCalls]).toEqual([0, 1]);
    expect(evicted(registered)).toEqual([]);
  });
});

describe('duplicate faults', () => {
  const params = { register: true };
  const machine = pcie4x16g;
  const clock = ({ run }: Awaited<ReturnType<typeof runAmd>>): number => run.run.memory.clocks.now(GPU0);

  it('the second piece of a large range waits until 2 ms after the first; ranges of malloc have one piece each', async () => {
    const options = { params, machine, memory: '128MiB' }; // ranges of 4 MiB
    const told = await runAmd([FILL, READ], options);
    expect(counted(told)['droppedRetryFaults']).toBe(1);
    expect(clock(told)).toBeGreaterThanOrEqual(2 * PS_PER_MS);
    const none = await runAmd([FILL, READ], {
      ...options,
      params: { ...params, AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING: 0 },
    });
    expect(counted(none)['droppedRetryFaults']).toBe(0);
    expect(clock(told) - clock(none)).toBeGreaterThan(PS_PER_MS);
    const plain = await runAmd([FILL, READ], { machine, memory: '128MiB' });
    expect(counted(plain)['droppedRetryFaults']).toBe(0);
  });

  it('data that the CPU took back within the time is missed until it is over', async () => {
    const steps = [FILL, TOUCH, '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }', TOUCH];
    const result = await runAmd(steps, { machine });
    expect(counted(result)['droppedRetryFaults']).toBe(1);
    expect(result.totals).toMatchObject({ bytesToDevice: 4 * MIB, bytesToHost: 2 * MIB });
  });
});
