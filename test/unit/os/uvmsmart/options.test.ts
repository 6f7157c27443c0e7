/** Each option of UVMSmart has one scenario in which it matters, and one in which it must not. */
import { describe, expect, it } from 'vitest';
import { KIB, MIB, PS_PER_US } from '../../../../src-core/base/units';
import { kernels, runSmart, type SmartRun } from './run-smart';

type Params = Readonly<Record<string, number | string | boolean>>;
const f32 = (name: string, size: string): string => `${name}: { size: ${size}, element: f32, initially: host }`;

/** 4 MiB, touched twice. */
const SWEEP = kernels(f32('a', '4MiB'), '{ read: a }', '{ read: a }');
/** A row written that the next kernel reads: everything is both read and written. */
const WRITES = kernels(f32('a', '4MiB'), '{ write: a }', '{ readwrite: a }');
/** Few reads of many blocks. */
const SPARSE = kernels(
  f32('a', '4MiB'),
  '{ read: a, pattern: random, count: 200 }',
  '{ read: a, pattern: random, count: 200 }',
);
const SMALL = 3 * MIB;

const same = (one: SmartRun, other: SmartRun): void => {
  expect(other.run.hash).toBe(one.run.hash);
};
const differs = (one: SmartRun, other: SmartRun): void => {
  expect(other.run.hash).not.toBe(one.run.hash);
};
const pair = async (text: string, base: Params, change: Params, deviceMemoryBytes?: number) => {
  const options = deviceMemoryBytes === undefined ? {} : { deviceMemoryBytes };
  return [
    await runSmart(text, { params: base, ...options }),
    await runSmart(text, { params: { ...base, ...change }, ...options }),
  ] as const;
};

describe('hardware_prefetch', () => {
  it.each([
    ['disabled', 1024],
    ['sequential-local', 64],
    ['tree', 12],
  ])('%s faults %i times on 4 MiB in order', async (prefetcher, faults) => {
    const { totals } = await runSmart(SWEEP, { params: { hardware_prefetch: prefetcher } });
    expect(totals['gpuFaults']).toBe(faults);
    expect(totals['bytesToDevice']).toBe(4 * MIB);
  });
  it('random brings a second page with most faults', async () => {
    const { totals } = await runSmart(SWEEP, { params: { hardware_prefetch: 'random' } });
    expect(totals['gpuFaults']).toBeGreaterThan(512);
    expect(totals['gpuFaults']).toBeLessThan(1024);
  });
  it('does not matter to an allocation of one page: nothing is beside it', async () => {
    const one = kernels('a: { elements: 1, element: f32, initially: host }', '{ read: a }');
    const [tree, local] = await pair(one, {}, { hardware_prefetch: 'sequential-local' });
    same(tree, local);
    expect(tree.totals['bytesToDevice']).toBe(64 * KIB); // rounded up to a block
  });
});

describe('hwprefetch_oversub', () => {
  it('takes over when memory was exceeded', async () => {
    const [off, tree] = await pair(SWEEP, {}, { hwprefetch_oversub: 'tree' }, SMALL);
    expect(off.totals['gpuFaults']).toBeGreaterThan(5 * tree.totals['gpuFaults']!);
  });
  it('does not matter while everything fits', async () => {
    same(...(await pair(SWEEP, {}, { hwprefetch_oversub: 'random' })));
  });
});

describe('eviction_policy', () => {
  it.each(['tree', 'sequential-local', 'random', 'lru-4k', 'lfu'])(
    '%s evicts otherwise than lru-2mb',
    async (policy) => {
      // b is used often and long ago, a once and lately.
      const objects = `${f32('a', '4MiB')}, ${f32('b', '2MiB')}`;
      const text = kernels(objects, '{ read: b }', '{ read: b }', '{ read: b }', '{ read: a }', '{ read: b }');
      const [lru, other] = await pair(text, { hwprefetch_oversub: 'tree' }, { eviction_policy: policy }, 5 * MIB);
      differs(lru, other);
      expect(other.totals['evictions']).toBeGreaterThan(0);
    },
  );
  it('does not matter while everything fits', async () => {
    same(...(await pair(SWEEP, {}, { eviction_policy: 'lfu' })));
  });
});

describe('reserve_accessed_page_percent', () => {
  it('takes what was used later', async () => {
    const base = { hwprefetch_oversub: 'tree', eviction_policy: 'tree' };
    const text = kernels(f32('a', '6MiB'), '{ read: a }', '{ read: a }');
    const [none, some] = await pair(text, base, { reserve_accessed_page_percent: 50 }, 5 * MIB);
    differs(none, some);
    expect(some.totals['evictions']).toBeGreaterThan(0);
  });
  it('does not matter while everything fits', async () => {
    same(...(await pair(SWEEP, {}, { reserve_accessed_page_percent: 50 })));
  });
});

describe('percentage_of_free_page_buffer', () => {
  it('evicts before the device is full', async () => {
    const [none, some] = await pair(SWEEP, {}, { percentage_of_free_page_buffer: 20 }, 4.5 * MIB);
    expect(none.totals['evictions']).toBe(0);
    expect(some.totals['evictions']).toBeGreaterThan(0);
  });
  it('does not matter where more than that is free', async () => {
    same(...(await pair(SWEEP, {}, { percentage_of_free_page_buffer: 20 }, 16 * MIB)));
  });
});

describe('invalidate_clean', () => {
  it('drops what was only read', async () => {
    const [written, dropped] = await pair(SWEEP, { hwprefetch_oversub: 'tree' }, { invalidate_clean: true }, SMALL);
    expect(written.totals['bytesToHost']).toBeGreaterThan(0);
    expect(dropped.totals['bytesToHost']).toBe(0);
    expect(dropped.figures['invalidations']).toBeGreaterThan(0);
    expect(dropped.totals['evictions']).toBeGreaterThan(0);
  });
  it('does not matter to what was written', async () => {
    same(...(await pair(WRITES, { hwprefetch_oversub: 'tree' }, { invalidate_clean: true }, SMALL)));
  });
});

describe('enable_dma', () => {
  it.each(['always', 'adaptive'])('%s reads over the link before it migrates', async (scheme) => {
    const [first, later] = await pair(SPARSE, {}, { enable_dma: scheme }, 2.5 * MIB);
    expect(first.figures['zeroCopyRequests']).toBe(0);
    expect(later.figures['zeroCopyRequests']).toBeGreaterThan(0);
    expect(later.totals['remoteBytes']).toBeGreaterThan(0);
  });
  it('oversub does so once memory was exceeded, and not before', async () => {
    const scheme = { enable_dma: 'oversub' };
    same(...(await pair(SPARSE, {}, scheme)));
    const [, full] = await pair(SPARSE, {}, scheme, 2.5 * MIB);
    expect(full.figures['zeroCopyRequests']).toBeGreaterThan(0);
  });
  it('does not matter to writes', async () => {
    same(...(await pair(WRITES, {}, { enable_dma: 'always' }, SMALL)));
  });
});

describe('migrate_threshold', () => {
  it('is the number of requests for a block at which it migrates', async () => {
    const [few, many] = await pair(SPARSE, { enable_dma: 'always' }, { migrate_threshold: 1000 });
    expect(many.totals['gpuFaults']).toBe(0);
    expect(few.totals['gpuFaults']).toBeGreaterThan(0);
    // 7 lines of 32 floats over the link, the eighth migrates the block.
    const line = await runSmart(kernels(f32('a', '64KiB'), '{ read: a }'), { params: { enable_dma: 'always' } });
    expect(line.figures['zeroCopyRequests']).toBe(7);
    expect(line.totals['remoteBytes']).toBe(7 * 128);
    expect(line.totals['gpuFaults']).toBe(1);
  });
  it('does not matter where the first touch migrates', async () => {
    same(...(await pair(SPARSE, {}, { migrate_threshold: 1000 })));
  });
});

describe('multiply_dma_penalty', () => {
  it('raises the threshold once memory was exceeded', async () => {
    const text = kernels(f32('a', '4MiB'), ...Array<string>(6).fill('{ read: a, pattern: random, count: 1500 }'));
    const [low, high] = await pair(text, { enable_dma: 'adaptive' }, { multiply_dma_penalty: 1000 }, SMALL);
    expect(high.figures['zeroCopyRequests']).toBeGreaterThan(low.figures['zeroCopyRequests']!);
  });
  it('does not matter while everything fits', async () => {
    same(...(await pair(SPARSE, { enable_dma: 'adaptive' }, { multiply_dma_penalty: 1000 })));
  });
});

describe('page_fault_latency', () => {
  it('is added per fault after the run, and changes nothing in it', async () => {
    const [usual, none] = await pair(SWEEP, {}, { page_fault_latency: 0 });
    expect(usual.figures['kernelAndFaultPs']! - usual.figures['kernelPs']!).toBe(12 * 45 * PS_PER_US);
    expect(none.figures['kernelAndFaultPs']).toBe(none.figures['kernelPs']);
    same(usual, none);
  });
});

describe('enable_accurate_simulation', () => {
  it('simulates the latency on the read channel instead', async () => {
    const [after, inLine] = await pair(SWEEP, {}, { enable_accurate_simulation: true });
    expect(inLine.figures['kernelAndFaultPs']).toBe(inLine.figures['kernelPs']);
    expect(inLine.figures['kernelPs']).toBeGreaterThan(after.figures['kernelPs']! + 11 * 45 * PS_PER_US);
    expect(inLine.totals['gpuFaults']).toBe(after.totals['gpuFaults']);
  });
  it('does not matter where a fault takes no time', async () => {
    const free = { page_fault_latency: 0 };
    same(...(await pair(SWEEP, free, { enable_accurate_simulation: true })));
  });
});

describe('page_table_walk_latency', () => {
  it('passes before a fault is seen', async () => {
    const [usual, long] = await pair(SWEEP, {}, { page_table_walk_latency: 100_000 });
    expect(long.figures['kernelPs']).toBeGreaterThan(usual.figures['kernelPs']!);
  });
  it('does not matter to memory that is there', async () => {
    const durations = ({ run }: SmartRun): (number | undefined)[] =>
      run.events.filter(({ name, duration }) => name === 'step' && duration! > 0).map(({ duration }) => duration);
    const of = (latency: number) => runSmart(SWEEP, { params: { page_table_walk_latency: latency }, keepEvents: true });
    const [first, again] = durations(await of(100));
    const [firstLong, againLong] = durations(await of(100_000));
    expect(firstLong).toBeGreaterThan(first!);
    expect(againLong).toBe(again); // everything is there when the second kernel begins
  });
});

describe('core_freq', () => {
  it('is what a cycle is', async () => {
    const [usual, slow] = await pair(SWEEP, {}, { core_freq: 741 });
    expect(slow.figures['kernelAndFaultPs']! - slow.figures['kernelPs']!).toBeGreaterThan(12 * 89 * PS_PER_US);
    expect(usual.totals['gpuFaults']).toBe(slow.totals['gpuFaults']);
  });
  it('does not matter where no latency is given in cycles', async () => {
    const none = { page_fault_latency: 0, page_table_walk_latency: 0 };
    same(...(await pair(SWEEP, none, { core_freq: 741 })));
  });
});
