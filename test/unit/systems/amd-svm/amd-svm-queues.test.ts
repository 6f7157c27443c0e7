/** AMD KFD SVM without XNACK: registered memory, queues that stop while it changes, and the work that starts them again. */
import { describe, expect, it } from 'vitest';
import { MIB, PS_PER_MS } from '../../../../src-core/base/units';
import { QUEUE_START } from '../../../../src-core/kit/linux/costs';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { answers, counted, evicted, FILL, runAmd, TOUCH } from '../driver-stage';

const params = { xnack: false, register: true };
const READ = '{ on: gpu0, do: [{ read: a }] }';
const PEEK = '{ on: cpu, do: [{ read: a, elements: [0, 1] }] }';

describe('without XNACK', () => {
  it('a device reaches registered memory without a fault, over the bus; malloc ends in EFAULT', async () => {
    const registered = await runAmd([FILL, READ], { params });
    expect(registered.totals).toMatchObject({ gpuFaults: 0, bytesToDevice: 0, remoteBytes: 4 * MIB });
    expect(registered.summary.numbers.apiCalls).toBe(1); // one object is used by a device
    expect(answers(registered)).toEqual([]);
    const plain = await runAmd([FILL, TOUCH], { params: { xnack: false } });
    expect(answers(plain)).toEqual(['gpu0 read: EFAULT']);
  });

  it('a fault that is not retried ends the program, so that it is one however much was to be read', async () => {
    const { summary, totals } = await runAmd([FILL, READ, PEEK], { params: { xnack: false } });
    expect(summary.outcomes).toMatchObject([
      { what: 'gpu0 read', result: 'EFAULT', count: 1 },
      { what: 'gpu0: its process is gone', result: 'not executed', count: 4 * (MIB / 4096) - 1 },
      { what: 'cpu: its process is gone', result: 'not executed', count: 1 },
    ]);
    expect(totals['gpuFaults']).toBe(1);
  });

  it('all of it is mapped before the queue runs, untouched pages included', async () => {
    const { summary } = await runAmd(['{ on: cpu, do: [{ write: b, elements: [0, 1] }] }', TOUCH], { params });
    expect(summary.numbers.peakHostBytes).toBe(4 * MIB + 4096);
  });

  it('a prefetch moves whole ranges; the CPU takes a piece back, and queues stop and start', async () => {
    const steps = [FILL, 'os: { migrate: a, to: gpu0 }', READ, PEEK, READ, READ];
    const result = await runAmd(steps, { params });
    expect(result.totals).toMatchObject({ gpuFaults: 0, bytesToDevice: 4 * MIB, bytesToHost: 2 * MIB });
    // The piece that went home stays there: the restore work maps, it does not migrate.
    expect(result.totals['remoteBytes']).toBe(2 * 2 * MIB);
    // Once for the prefetch and once for the CPU fault, each with a migration event for the range it met.
    expect(counted(result)).toMatchObject({ queueStops: 2, queueStarts: 2, queueRescheduled: 0 });
    const told = result.run.events
      .filter(({ name }) => name === 'os')
      .map(({ detail }) => /"what":"([^"]*)"/.exec(detail)?.[1]);
    expect(told).toEqual(['queues stopped', 'migrate to gpu0', 'queues started', 'queues stopped', 'queues started']);
    expect(result.mismatches).toBe(0);
  });

  it('memory that no queue has mapped stops none', async () => {
    const b = '{ on: cpu, do: [{ readwrite: b }] }';
    const result = await runAmd([FILL, READ, 'os: { madvise: b, advice: dontneed }', b, READ], { params });
    expect(counted(result)).toMatchObject({ queueStops: 0, queueInvalidations: 0 });
    const mapped = await runAmd([FILL, READ, 'os: { madvise: a, advice: dontneed }', READ], { params });
    expect(counted(mapped)).toMatchObject({ queueStops: 1, queueStarts: 1 });
    expect(mapped.mismatches).toBe(0);
  });

  it('invalidations that follow a stop are counted, and stop nothing more', async () => {
    const drop = (part: string): string => `os: { madvise: a, advice: dontneed, part: [${part}] }`;
    const result = await runAmd([FILL, READ, drop('0, 0.25'), drop('0.25, 0.5'), READ], { params });
    expect(counted(result)).toMatchObject({ queueStops: 1, queueInvalidations: 2, queueRestoredRanges: 1 });
  });

  it('VRAM that is evicted stops the queues too, and is mapped in host memory then', async () => {
    const steps = [FILL, 'os: { migrate: a, to: gpu0 }', READ, 'os: { migrate: b, to: gpu0 }', READ];
    const result = await runAmd(steps, { params, memory: '4MiB' });
    expect(new Set(evicted(result))).toEqual(new Set([0]));
    expect(result.totals).toMatchObject({ bytesToDevice: 8 * MIB, bytesToHost: 4 * MIB, remoteBytes: 4 * MIB });
    expect(result.mismatches).toBe(0);
  });

  it('what cannot be mapped again leaves the queue stopped: the device’s access is an outcome', async () => {
    const result = await runAmd([FILL, READ, 'os: { mprotect: a, prot: none }', TOUCH], { params });
    expect(answers(result)).toEqual(['gpu0 read: EFAULT']);
    expect(counted(result)).toMatchObject({ queueStops: 1, queueStarts: 0, queueRescheduled: 3 });
  });

  it('a child that writes shared pages does not show them to the device of its parent', async () => {
    const result = await runAmd(
      [
        FILL,
        'os: { migrate: a, to: gpu0 }',
        'os: { fork: child }',
        '{ on: gpu0, do: [{ readwrite: a }] }',
        '{ on: cpu, process: child, do: [{ readwrite: a }] }',
        '{ on: cpu, do: [{ read: a }] }',
        READ,
      ],
      { params },
    );
    expect(answers(result)).toEqual([]);
    expect(result.mismatches).toBe(0);
  });
});

describe('time of the queues', () => {
  const machine = pcie4x16g;
  const steps = [FILL, 'os: { migrate: a, to: gpu0 }', PEEK, TOUCH];

  it('a device waits for the restore delay, and for the start', async () => {
    const waits = async (delay: number): Promise<number> => {
      const { run, summary } = await runAmd(steps, {
        params: { ...params, AMDGPU_SVM_RANGE_RESTORE_DELAY_MS: delay },
        machine,
      });
      expect(counted({ summary } as never)['queueStopped']).toBeGreaterThanOrEqual(delay * PS_PER_MS);
      return run.run.memory.clocks.latest();
    };
    const [none, five] = [await waits(0), await waits(5)];
    expect(five - none).toBeGreaterThan(4 * PS_PER_MS);
    expect(five - none).toBeLessThanOrEqual(5 * PS_PER_MS);
  });

  it('with XNACK no queue stops, and the device is ready at once; an always-mapped range stops them all the same', async () => {
    const xnack = await runAmd(steps, { machine });
    expect(counted(xnack)).toMatchObject({ queueStops: 0, queueStopped: 0 });
    const always = await runAmd([FILL, 'os: { advise: a, hint: always-mapped }', ...steps.slice(1)], { machine });
    const { queueStops, queueStarts, queueStopped } = counted(always);
    expect(queueStops).toBeGreaterThan(0);
    expect(queueStarts).toBe(queueStops);
    expect(queueStopped).toBeGreaterThanOrEqual(queueStops! * (PS_PER_MS + QUEUE_START.value));
    expect(always.mismatches).toBe(0);
  });

  it('a busy CPU meets the restore work in between: queues stop again and again', async () => {
    // 512 pieces of 64 KiB come home one after the other, which takes several times the delay of a millisecond.
    const objects = ['d: { size: 32MiB, element: 64B }'];
    const fine = { ...params, svm_default_granularity: 4 };
    const work = [
      '{ on: cpu, do: [{ write: d }] }',
      'os: { migrate: d, to: gpu0 }',
      '{ on: cpu, do: [{ read: d }] }',
      '{ on: gpu0, do: [{ read: d, elements: [0, 1] }] }',
    ];
    const result = await runAmd(work, { params: fine, objects, machine, memory: '64MiB' });
    const { queueStops, queueStarts, queueInvalidations } = counted(result);
    expect(queueStops).toBeGreaterThan(3);
    expect(queueStarts).toBe(queueStops);
    expect(queueInvalidations).toBeGreaterThanOrEqual(512);
    expect(result.mismatches).toBe(0);
  });
});
