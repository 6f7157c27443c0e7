/**
 * The scenarios of the files in examples/ on the counting machine r0, exact where it is closed-form.
 * Every row says why its numbers are what they are; a change here is a change of the model and needs a reason as good.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src-core/base/units';
import type { RunSummary, Totals } from '../../src-core/model/summary';
import type { RunOptions } from '../../src-core/protocol/parameters';
import { examplesFolder, runExample, SessionClient } from '../support/session-client';

const K4 = 4096;
const K64 = 65536;
const M2 = 2 * MIB;

const onR0 = (granularity: number, options: RunOptions = {}): RunOptions => ({
  machine: 'r0',
  granularity,
  ...options,
});

/** Runs an example whose text was changed. */
async function runChanged(id: string, from: string | RegExp, to: string, options: RunOptions): Promise<RunSummary> {
  const text = readFileSync(join(examplesFolder, `${id}.yaml`), 'utf8');
  const changed = text.replace(from, to);
  expect(changed, `${id}.yaml no longer holds ${String(from)}`).not.toBe(text);
  const client = new SessionClient();
  try {
    const path = join(client.folder, `${id}.yaml`);
    writeFileSync(path, changed);
    return await client.run({ kind: 'path', path }, { spool: false, ...options });
  } finally {
    client.close();
  }
}

/** Sizes in MiB, the rest as counts. */
interface Row {
  readonly gpuFaults: number;
  readonly cpuFaults: number;
  readonly toDevice: number;
  readonly deadToDevice: number;
  readonly toHost: number;
  readonly deadToHost: number;
  readonly unresolvedToHost?: number;
  readonly evictions: number;
}

const rowOf = ({ totals }: RunSummary): Row & { migrations: number; unresolvedToDevice: number; remote: number } => ({
  gpuFaults: totals.gpuFaults,
  cpuFaults: totals.cpuFaults,
  toDevice: totals.bytesToDevice / MIB,
  deadToDevice: totals.deadBytesToDevice / MIB,
  toHost: totals.bytesToHost / MIB,
  deadToHost: totals.deadBytesToHost / MIB,
  unresolvedToHost: totals.unresolvedBytesToHost / MIB,
  evictions: totals.evictions,
  migrations: totals.migrations,
  unresolvedToDevice: totals.unresolvedBytesToDevice / MIB,
  remote: totals.remoteBytes,
});

/** Every number of the row, and what follows from it: moves × granule = bytes, nothing unresolved or remote unless said. */
function expectRow(summary: RunSummary, granularity: number, row: Row): void {
  expect(summary.complete).toBe(true);
  expect(rowOf(summary)).toEqual({
    unresolvedToHost: 0,
    ...row,
    migrations: ((row.toDevice + row.toHost) * MIB) / granularity,
    unresolvedToDevice: 0,
    remote: 0,
  });
  for (const field of [
    'cpuFaults',
    'gpuFaults',
    'bytesToDevice',
    'bytesToHost',
    'deadBytesToDevice',
    'deadBytesToHost',
  ] as const) {
    const sum = summary.objects.reduce((total, object) => total + object[field], 0);
    expect(sum, `sum of ${field} over the objects`).toBe(summary.totals[field]);
  }
}

const pingPongs = (summary: RunSummary): Record<string, number> =>
  Object.fromEntries(summary.objects.map((object) => [object.name, object.pingPongs]));

describe('S1 Jacobi residual, 100 iterations', () => {
  // Blocks of one array = 32 MiB / block. The GPU faults on u and unew once (2 arrays) and on r in each of 100 iterations:
  // 102 arrays. The CPU faults on u and unew once and on r a hundred times: 102 arrays. r is first touched by the GPU, so
  // it goes home 100 times and comes back 99 times: in = u + unew + 99 r = 101 × 32 MiB, out = 100 × 32 MiB.
  // Dead in: each return of r is overwritten by the kernel before a read (99), and so is unew the first time: 100 × 32.
  it.each([
    [K4, 8192],
    [K64, 512],
    [M2, 16],
  ])('at %i bytes', async (granularity, blocks) => {
    const summary = await runExample('s1-jacobi-residual', onR0(granularity));
    expectRow(summary, granularity, {
      gpuFaults: 102 * blocks,
      cpuFaults: 102 * blocks,
      toDevice: 3232,
      deadToDevice: 3200,
      toHost: 3200,
      deadToHost: 0,
      evictions: 0,
    });
    expect(pingPongs(summary)).toEqual({ u: 0, unew: 0, r: 99 * blocks });
  });
});

describe('S2 flag in the page of an array, 1000 iterations', () => {
  // 64 MiB + 8 B = 64 MiB / block + 1 blocks. The flag's block goes home 1000 times and comes back 999 times; all other
  // blocks fault once on each side. Everything that moves is read, so nothing is dead: the kernel reads before it writes.
  it.each([
    [K4, 17_384, 71_204_864],
    [K64, 2_024, 132_644_864],
    [M2, 1_032, 2_164_260_864],
  ])('at %i bytes', async (granularity, gpuFaults, bytesToDevice) => {
    const summary = await runExample('s2-flag-sharing', onR0(granularity));
    expectRow(summary, granularity, {
      gpuFaults,
      cpuFaults: gpuFaults + 1, // one poll more than returns: the last one comes home and stays
      toDevice: bytesToDevice / MIB,
      deadToDevice: 0,
      toHost: (1000 * granularity) / MIB,
      deadToHost: 0,
      evictions: 0,
    });
    expect(bytesToDevice).toBe((64 * MIB) / granularity + 1 + 999 === gpuFaults ? gpuFaults * granularity : Number.NaN);
    expect(pingPongs(summary)).toEqual({ shared: 999 });
  });
});

describe('S3 linked list, two passes', () => {
  // It fits: each block of 64 MiB once on each side, never back.
  it.each([
    [K4, 16_384],
    [K64, 1_024],
    [M2, 32],
  ])('that fits, at %i bytes', async (granularity, blocks) => {
    const summary = await runExample('s3-linked-list', onR0(granularity));
    expectRow(summary, granularity, {
      gpuFaults: blocks,
      cpuFaults: blocks,
      toDevice: 64,
      deadToDevice: 0,
      toHost: 0,
      deadToHost: 0,
      evictions: 0,
    });
  });

  // 48 of 64 MiB: about every fourth visit faults. The permutation is random, so within the spread of nine seeds.
  it.each([
    [K4, 542_140, 2_118, 529_852, 0.01],
    [K64, 525_840, 32_865, 525_072, 0.01],
    [M2, 523_826, 1_047_652, 523_802, 0.03],
  ])('in 48 MiB, at %i bytes', async (granularity, gpuFaults, toDevice, evictions, tolerance) => {
    const { totals } = await runExample('s3-linked-list-48m', onR0(granularity));
    near(totals.gpuFaults, gpuFaults, tolerance);
    near(totals.bytesToDevice / MIB, toDevice, tolerance);
    near(totals.evictions, evictions, tolerance);
    // Exact whatever the permutation: what is on the device at the end is what came and did not leave.
    expect(totals.bytesToDevice - totals.bytesToHost).toBe(48 * MIB);
    expect(totals.cpuFaults).toBe((64 * MIB) / granularity);
  });
});

function near(actual: number, expected: number, tolerance: number): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
}

describe('S4 stencil on 1.25 times the device, 20 sweeps', () => {
  // a and b have 5,120 blocks of 64 KiB together, the device holds 4,096: cyclic order makes LRU miss everything, every
  // sweep: 20 × 5,120. All but the first 4,096 arrivals evict. Out = 98,304 × 64 KiB.
  // Dead in: the written array, half of it. Dead out: half of the evictions concern the array that is written next, less
  // what nobody touched again before the end (64 MiB of the last writes stay open).
  it('under LRU', async () => {
    const summary = await runExample('s4-oversubscribed-stencil', onR0(K64));
    expectRow(summary, K64, {
      gpuFaults: 102_400,
      cpuFaults: 5_120,
      toDevice: 6_400,
      deadToDevice: 3_200,
      toHost: 6_144,
      deadToHost: 3_040,
      unresolvedToHost: 64,
      evictions: 98_304,
    });
  });

  // Belady keeps 4,095 blocks of the 5,120 from sweep to sweep: 5,120 + 19 × 1,024 misses.
  it('under Belady', async () => {
    const { totals } = await runExample(
      's4-oversubscribed-stencil',
      onR0(K64, { policies: [{ kind: 'eviction', id: 'belady' }] }),
    );
    expect(totals.gpuFaults).toBe(24_576);
    expect(totals.bytesToDevice).toBe(1_536 * MIB);
    expect(totals.evictions).toBe(24_576 - 4_096);
  });

  // Turning round finds the newest 4,096 blocks resident: 5,120 + 19 × 1,024, the count of Belady with plain LRU.
  it('in alternating direction under LRU', async () => {
    const summary = await runExample('s4-alternating', onR0(K64));
    expectRow(summary, K64, {
      gpuFaults: 24_576,
      cpuFaults: 5_120,
      toDevice: 1_536,
      deadToDevice: 768,
      toHost: 1_280,
      deadToHost: 608,
      unresolvedToHost: 64,
      evictions: 20_480,
    });
  });
});

describe('S5 embedding table with Zipf skew', () => {
  // Random rows: within 1 % at 4 KiB and 64 KiB, 3 % at 2 MiB. Host-resident at the start, so no CPU fault at all.
  const hashed: readonly (readonly [number, number, number, number])[] = [
    [K4, 770_541, 3_010, 0.01],
    [K64, 1_241_547, 77_597, 0.01],
    [M2, 1_942_116, 3_884_232, 0.03],
  ];
  it.each(hashed)('hashed rows at %i bytes', async (granularity, gpuFaults, toDevice, tolerance) => {
    expectZipf((await runExample('s5-embedding-zipf', onR0(granularity))).totals, gpuFaults, toDevice, tolerance);
  });

  // Sorted by frequency the hot rows share blocks.
  const sorted: readonly (readonly [number, number, number, number])[] = [
    [K4, 304_603, 1_190, 0.01],
    [K64, 299_221, 18_701, 0.01],
    [M2, 298_602, 597_204, 0.03],
  ];
  it.each(sorted)('rows sorted by frequency at %i bytes', async (granularity, gpuFaults, toDevice, tolerance) => {
    const { totals } = await runChanged(
      's5-embedding-zipf',
      'placement: hashed',
      'placement: sorted',
      onR0(granularity),
    );
    expectZipf(totals, gpuFaults, toDevice, tolerance);
  });

  function expectZipf(totals: Totals, gpuFaults: number, toDevice: number, tolerance: number): void {
    near(totals.gpuFaults, gpuFaults, tolerance);
    near(totals.bytesToDevice / MIB, toDevice, tolerance);
    expect(totals.cpuFaults).toBe(0);
    expect(totals.bytesToDevice - totals.bytesToHost).toBe(64 * MIB); // the device is full at the end
    expect(totals.deadBytesToDevice + totals.deadBytesToHost).toBe(0); // nobody writes
  }
});

describe('S8 read-mostly table, 100 phases', () => {
  // 16,384 blocks of 4 KiB: 50 phases of the GPU and 50 of the CPU each move the whole table (64 MiB), and the CPU's
  // initialisation faults once more. The CPU's 8 bytes are written after its own phase: no fault of their own.
  // Both sides read everything they get, so nothing is dead.
  it('at 4 KiB', async () => {
    const summary = await runExample('s8-read-mostly', onR0(K4));
    expectRow(summary, K4, {
      gpuFaults: 50 * 16_384,
      cpuFaults: 51 * 16_384,
      toDevice: 3_200,
      deadToDevice: 0,
      toHost: 3_200,
      deadToHost: 0,
      evictions: 0,
    });
  });
});

describe('S9 triad after CPU initialisation', () => {
  // Three arrays of 128 MiB fault once on each side and stay: 384 MiB in, nothing out. `a` is the output: dead on arrival.
  const row = (granularity: number): Row => {
    const blocks = (384 * MIB) / granularity;
    return {
      gpuFaults: blocks,
      cpuFaults: blocks,
      toDevice: 384,
      deadToDevice: 128,
      toHost: 0,
      deadToHost: 0,
      evictions: 0,
    };
  };
  it.each([K4, K64, M2])('at %i bytes', async (granularity) => {
    expectRow(await runExample('s9-first-touch-triad', onR0(granularity)), granularity, row(granularity));
  });
  // Only the first kernel faults, so the number of passes changes nothing (10 is the example itself).
  it.each([1, 2, 100])('with %i passes', async (passes) => {
    const summary = await runChanged('s9-first-touch-triad', 'repeat: 10', `repeat: ${passes}`, onR0(K64));
    expectRow(summary, K64, row(K64));
    expect(summary.totals.accesses).toBe(3 * 16 * MIB * (1 + passes));
  });
});

describe('S10 dgemm on malloc, 10 calls', () => {
  // One matrix = 64 blocks of 2 MiB. In: A once, B ten times, C ten times = 21 × 64 faults, 21 × 128 MiB. The CPU takes B
  // back nine times and C ten times, and initialises three: 22 × 64 faults; out 19 × 128 MiB.
  // Dead in: C each time, beta = 0 overwrites it (10 × 128). Dead out: B each time, the CPU rewrites it (9 × 128).
  it('at 2 MiB', async () => {
    const summary = await runExample('s10-dgemm-on-malloc', onR0(M2));
    expectRow(summary, M2, {
      gpuFaults: 1_344,
      cpuFaults: 1_408,
      toDevice: 2_688,
      deadToDevice: 1_280,
      toHost: 2_432,
      deadToHost: 1_152,
      evictions: 0,
    });
    expect(summary.objects.map(({ name, gpuFaults }) => [name, gpuFaults])).toEqual([
      ['A', 64],
      ['B', 640],
      ['C', 640],
    ]);
  });
});

describe('reproducibility', () => {
  it.each(['s1-jacobi-residual', 's3-linked-list-48m', 's4-alternating'])(
    '%s gives the same recording twice',
    async (id) => {
      const first = await runExample(id, onR0(K64));
      const second = await runExample(id, onR0(K64));
      expect(first.recordingHash).toMatch(/^[0-9a-f]{64}$/);
      expect(second).toEqual(first);
    },
  );

  it('another seed is another recording where numbers are random, and the same one where none are', async () => {
    const list = await runExample('s3-linked-list', onR0(K64, { seed: 1 }));
    const otherList = await runExample('s3-linked-list', onR0(K64, { seed: 2 }));
    expect(otherList.recordingHash).not.toBe(list.recordingHash);
    const triad = await runExample('s9-first-touch-triad', onR0(M2, { seed: 1 }));
    const otherTriad = await runExample('s9-first-touch-triad', onR0(M2, { seed: 2 }));
    expect(otherTriad.recordingHash).toBe(triad.recordingHash);
  });

  it.each(['s1-jacobi-residual', 's3-linked-list-48m', 's4-oversubscribed-stencil'])(
    '%s: marking useful bytes changes nothing else',
    async (id) => {
      const marked = await runExample(id, onR0(K64));
      const plain = await runExample(id, onR0(K64, { usefulBytes: false }));
      expect(marked.totals.usefulBytes).toBeGreaterThan(0);
      // Rows of the ledger carry useful bytes, so the recording itself may differ; no other number may.
      const without = ({ totals, objects }: RunSummary): unknown => ({
        totals: { ...totals, usefulBytes: null, events: 0 },
        objects: objects.map((object) => ({ ...object, usefulBytes: null })),
      });
      expect(without(plain)).toEqual(without(marked));
      expect(plain.totals.usefulBytes).toBeNull();
    },
  );
});
