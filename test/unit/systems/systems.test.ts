import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../../src-core/presets/machines/r0';
import { memorySystems } from '../../../src-core/systems';
import { choose } from '../../property/drive';
import { runSystem, type SystemRun } from './run-system';

const linuxSystems = memorySystems.filter(({ schema }) => 'contents' in schema.shape).map(({ id }) => id);
const example = (name: string): string => readFileSync(`examples/${name}.yaml`, 'utf8');
/** The seed's own case: three matrices, here of 512 KiB in place of 128 MiB. */
const dgemm = example('s10-dgemm-on-malloc')
  .replaceAll('128MiB', '512KiB')
  .replaceAll('4096', '256')
  .replace('tile: 256', 'tile: 32');

const expectSound = (run: SystemRun): void => {
  expect(run.mismatches).toBe(0);
  expect(run.reads).toBeGreaterThan(1000);
  expect(run.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
};
const thread = (name: string, id: string, params = {}): Promise<SystemRun> =>
  runSystem(example(`thread-2015/${name}`), id, { contents: true, ...params }, {}, pcie4x16g);
const verdict = (run: SystemRun, id: string): boolean | null =>
  run.summary.requirements.find((row) => row.id === id)!.holds;

describe('dgemm on malloc runs unchanged', () => {
  it.each(linuxSystems)('%s: every byte read is the one written last', async (id) => {
    expectSound(await runSystem(dgemm, id, { contents: true }));
  });

  it('hmm with 2 MiB chunks moves what rule set R0 moves: 21 matrices in, 19 out', async () => {
    const { totals, summary } = await runSystem(dgemm, 'hmm');
    expect(totals).toMatchObject({ gpuFaults: 21, bytesToDevice: 21 * 2 ** 19, bytesToHost: 19 * 2 ** 19 });
    expect(totals['deadBytesToDevice']).toBe(10 * 2 ** 19); // C comes in only to be overwritten
    expect(summary.numbers).toMatchObject({ apiCalls: 0, relocatedPointers: 0, duplicationFactor: 1 });
  });

  it('the profiles and huge pages change how, not what', async () => {
    for (const params of [{ profile: '612' }, { thp: 'always' }, { thp: 'always', profile: '612' }]) {
      const run = await runSystem(dgemm, 'hmm', { contents: true, ...params });
      expectSound(run);
      expect(run.totals).toMatchObject({ bytesToDevice: 21 * 2 ** 19, bytesToHost: 19 * 2 ** 19 });
    }
  });

  it('the same run twice gives the same recording', async () => {
    for (const id of linuxSystems) {
      const [a, b] = [await runSystem(dgemm, id), await runSystem(dgemm, id)];
      expect(a.run.hash).toBe(b.run.hash);
    }
  });
});

describe('pointers', () => {
  it('explicit copies relocate each node of lists and trees and hold the data twice; HMM does neither', async () => {
    const [copy, hmm] = [await thread('02-list-tree-graph', 'copy'), await thread('02-list-tree-graph', 'hmm')];
    expectSound(copy);
    expectSound(hmm);
    expect(copy.summary.numbers.relocatedPointers).toBeGreaterThan(10_000);
    expect(copy.summary.numbers.duplicationFactor).toBe(1.5);
    expect(copy.summary.numbers.apiCalls).toBeGreaterThan(0);
    expect(hmm.summary.numbers).toMatchObject({ relocatedPointers: 0, duplicationFactor: 1, apiCalls: 0 });
    expect([verdict(copy, '6a'), verdict(hmm, '6a')]).toEqual([false, true]);
  });

  it('double buffering hides copies behind the kernel: the step takes the longer of both', async () => {
    const plain = await runSystem(dgemm, 'copy', { contents: true }, {}, pcie4x16g);
    const double = await runSystem(dgemm, 'copy', { contents: true, doubleBuffering: true }, {}, pcie4x16g);
    expectSound(double);
    const time = (run: SystemRun): number => run.memory.clocks.latest();
    expect(time(double)).toBeLessThan(time(plain));
    expect(double.totals['bytesToDevice']).toBe(plain.totals['bytesToDevice']);
  });

  it('an application that forgets to copy back reads old bytes, and they are counted', async () => {
    const run = await runSystem(dgemm, 'copy', { contents: true, copyOut: 'never' });
    expect(run.summary.numbers.staleReads).toBe(10 * 128);
    expect(run.mismatches).toBeGreaterThan(0);
  });
});

describe('files', () => {
  it('Linux leaves a mapped file in the page cache; beyond Linux it can move to the device (B3, B5)', async () => {
    const kept = await thread('04-mapped-file-once', 'hmm');
    const moved = await thread('04-mapped-file-once', 'hmm', { fileBackedMigration: true });
    expectSound(kept);
    expectSound(moved);
    const moves = (run: SystemRun): number => run.run.metric('bytesToDevice', 0);
    expect(moves(kept)).toBe(0);
    expect(moves(moved)).toBeGreaterThan(2 ** 22);
    expect(moved.totals['remoteBytes']!).toBeLessThan(kept.totals['remoteBytes']!);
  });
});

describe('file-backed migration, beyond Linux', () => {
  const text = `
faultline: 1
name: a mapped file that the device writes
deviceMemory: 4MiB
granularity: 64KiB
objects:
  f: { size: 1MiB, element: 64B, map: file-shared }
  p: { size: 1MiB, element: 64B, map: file-private }
phases:
  - name: use
    repeat: 3
    steps:
      - { on: cpu, do: [{ write: f }, { read: p }] }
      - { on: gpu0, do: [{ readwrite: f }, { readwrite: p, part: [0, 0.5] }] }
      - os: { sync: f }
      - { on: gpu0, do: [{ write: f, part: [0.25, 0.75] }] }
      - os: { fileRead: f }
      - os: { fileWrite: f, part: [0.5, 1] }
      - { on: gpu0, do: [{ read: f }] }
      - { on: cpu, do: [{ read: f }, { read: p }] }
`;
  it.each([false, true])(
    '%s: writeback, read() and write() see what the device wrote, and it sees theirs',
    async (on) => {
      const run = await runSystem(text, 'hmm', { contents: true, fileBackedMigration: on });
      expectSound(run);
      expect(run.summary.outcomes).toEqual([]);
      expect(run.run.metric('bytesToDevice', 0) > 0).toBe(on);
      // B2: after the writeback each page that the device writes again faults again.
      expect(run.memory.kernel.counters.writebacks).toBeGreaterThanOrEqual(3 * 256);
    },
  );

  it('truncate takes the pages from the device, and what is beyond the end is SIGBUS', async () => {
    const cut =
      text.replace('repeat: 3', 'repeat: 1').replace(/ {6}- os: \{ fileRead[\s\S]*$/, '') +
      '      - os: { truncate: f, to: 512KiB }\n      - { on: cpu, do: [{ read: f, part: [0, 0.5] }, { read: f, part: [0.5, 1] }] }\n';
    const run = await runSystem(cut, 'hmm', { contents: true, fileBackedMigration: true });
    expect(run.mismatches).toBe(0);
    expect(run.summary.outcomes.map(({ result }) => result)).toContain('SIGBUS');
  });
});

describe('requirements', () => {
  it('1: a device is emptied in mid-run, and the program goes on', async () => {
    for (const id of ['hmm', 'coherent', 'zone', 'copy'] as const) {
      const run = await thread('10-device-removed', id);
      expectSound(run);
      expect(run.summary.outcomes).toEqual([]);
    }
    const dax = await thread('10-device-removed', 'dax');
    expect(dax.summary.outcomes.map(({ what }) => what)).toEqual(['unplug gpu0']);
    expect(verdict(dax, '1a')).toBe(false);
  });

  it('5: migration off means that nothing moves, on both grounds', async () => {
    for (const base of ['hmm', 'coherent']) {
      const run = await runSystem(dgemm, 'off', { base });
      expect(run.totals).toMatchObject({ migrations: 0, bytesToDevice: 0, bytesToHost: 0 });
      expect(verdict(run, '5')).toBe(true);
    }
  });

  it('F: pins count against the limit, and a refusal is an outcome, not an error', async () => {
    const free = await runSystem(dgemm, 'host', { mode: 'pinned' });
    expect(free.summary.numbers.pinnedBytesPeak).toBe(3 * 2 ** 19);
    const bound = await runSystem(dgemm, 'host', { mode: 'pinned', pinLimit: 1 });
    expect(bound.summary.numbers.pinnedBytesPeak).toBe(2 ** 20);
    expect(bound.summary.outcomes.every(({ result }) => result === 'ENOMEM')).toBe(true);
    expect(verdict(bound, '6b')).toBe(false);
  });
});

describe('policies of a run hold under HMM', () => {
  const small = { deviceMemoryBytes: 2 ** 20, granularity: 65536 as const };

  it('a device too small evicts by the policy; Belady never evicts more than LRU', async () => {
    const lru = await runSystem(dgemm, 'hmm', { contents: true }, small);
    expectSound(lru);
    expect(lru.totals['evictions']!).toBeGreaterThan(0);
    expect(lru.summary.numbers.peakDeviceBytes).toBeLessThanOrEqual(2 ** 20);
    const policies = [choose('eviction', 'belady'), choose('prefetch', 'none'), choose('migration', 'on-fault')];
    const best = await runSystem(dgemm, 'hmm', {}, { ...small, policies });
    expect(best.totals['evictions']!).toBeLessThanOrEqual(lru.totals['evictions']!);
  });

  it('the tree prefetcher brings neighbours, first-touch-stay-remote brings nothing', async () => {
    const tree = [choose('eviction', 'access-lru'), choose('prefetch', 'tree'), choose('migration', 'on-fault')];
    const stay = [
      choose('eviction', 'access-lru'),
      choose('prefetch', 'none'),
      choose('migration', 'first-touch-stay-remote'),
    ];
    const granularity = { granularity: 65536 as const };
    const fetched = await runSystem(dgemm, 'hmm', { contents: true }, { ...granularity, policies: tree });
    expectSound(fetched);
    expect(fetched.totals['prefetchedBytes']!).toBeGreaterThan(0);
    const remote = await runSystem(dgemm, 'hmm', { contents: true }, { ...granularity, policies: stay });
    expectSound(remote);
    expect(remote.totals).toMatchObject({ bytesToDevice: 0 });
    expect(remote.totals['remoteBytes']!).toBeGreaterThan(0);
  });

  it('fault batches of a timed machine serve the same pages', async () => {
    const timed = await runSystem(dgemm, 'hmm', { contents: true }, {}, pcie4x16g);
    const counted = await runSystem(dgemm, 'hmm', { contents: true }, {}, r0);
    expectSound(timed);
    expect(timed.totals['bytesToDevice']).toBe(counted.totals['bytesToDevice']);
    expect(timed.summary.numbers.workItems!.maxPs).toBeGreaterThan(0);
    expect(timed.summary.numbers.evacuationPs).toBeGreaterThan(0);
  });

  it('what cannot leave a device takes no time to leave it: files of a mounted file system', async () => {
    const run = await runSystem(dgemm, 'dax', {}, {}, pcie4x16g);
    expect(run.summary.numbers.evacuationResidueBytes).toBeGreaterThan(0);
    expect(run.summary.numbers.evacuationPs).toBe(0);
    expect(verdict(run, '1')).toBe(false);
  });
});

describe('coherent memory', () => {
  it('access counters, which mainline lacks (U6), bring pages to the device; without them they stay', async () => {
    const still = await runSystem(dgemm, 'coherent', { contents: true });
    expect(still.totals).toMatchObject({ migrations: 0 });
    const counted = await runSystem(dgemm, 'coherent', { contents: true, accessCounters: 256 });
    expectSound(counted);
    expect(counted.totals['bytesToDevice']!).toBeGreaterThan(2 ** 19);
    expect(counted.totals['remoteBytes']!).toBeLessThan(still.totals['remoteBytes']!);
  });

  it('hint faults move pages to who uses them, on a machine with a clock', async () => {
    const run = await runSystem(dgemm, 'coherent', { contents: true, scanPeriodMs: 1 }, {}, pcie4x16g);
    expectSound(run);
    expect(run.summary.numbers.hintFaults).toBeGreaterThan(100);
    expect(run.totals['migrations']!).toBeGreaterThan(100);
  });

  it('1b, 2: the kernel lands on the device only where it may, and cannot be moved off again', async () => {
    const full = (params: Record<string, number | boolean>): Promise<SystemRun> =>
      thread('12-memory-exhausted', 'coherent', { contents: false, hostMemory: 16, ...params });
    const kept = await full({});
    expect(verdict(kept, '2')).toBe(true);
    expect(kept.summary.outcomes.some(({ result }) => result === 'ENOMEM' || result === 'OOM')).toBe(true);
    const open = await full({ kernelAllocations: true, hostMemory: 15 });
    expect(open.summary.numbers.strayKernelBytes).toBeGreaterThan(0);
    expect([verdict(open, '2'), verdict(open, '1a')]).toEqual([false, false]);
    const emergency = await full({ emergency: true });
    expect(verdict(emergency, '1b')).toBe(false);
  });

  it('tiering: a host that is full demotes cold pages to the device before it swaps (U4)', async () => {
    const run = await thread('12-memory-exhausted', 'tiering', { contents: false, hostMemory: 16, swap: 64 });
    expect(run.memory.kernel.counters.demoted).toBeGreaterThan(100);
    expect(run.summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
  });
});
