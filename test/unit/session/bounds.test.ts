/** Bounds of example scenarios whose numbers can be worked out by hand (docs/bounds.md). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIB } from '../../../src-core/base/units';
import type { BoundRow, BoundValue } from '../../../src-core/model/bounds';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import { examplesFolder, SessionClient } from '../../support/session-client';
import { workloadText, writeWorkload } from './workload';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const cell = (rows: readonly BoundRow[], id: string, quantity: BoundValue['quantity']): BoundValue => {
  const found = rows.find((row) => row.id === id)?.values.find((value) => value.quantity === quantity);
  if (!found) throw new Error(`there is no ${quantity} of ${id}`);
  return found;
};

async function boundsOf(
  id: string,
  options: RunOptions,
  change = (text: string) => text,
): Promise<readonly BoundRow[]> {
  const path = join(client.folder, `${id}.yaml`);
  writeFileSync(path, change(readFileSync(join(examplesFolder, `${id}.yaml`), 'utf8')));
  await client.run({ kind: 'path', path }, { spool: false, ...options });
  const { rows } = await client.request('session.bounds', { make: true });
  return rows!;
}

describe('S4, 320 MiB swept 20 times in 256 MiB', () => {
  it('needs 5,120 + 19 × 1,024 faults where LRU makes 102,400; only a has to cross', async () => {
    const rows = await boundsOf('s4-oversubscribed-stencil', { machine: 'r0' });
    // Each sweep touches all 5,120 granules; 4,096 can be kept from one to the next.
    expect(cell(rows, 'belady', 'gpuFaults')).toMatchObject({ kind: 'bound', value: 24_576, run: 102_400 });
    expect(cell(rows, 'belady', 'gpuFaults').ratio).toBeCloseTo(102_400 / 24_576, 12);
    expect(cell(rows, 'belady', 'bytesToDevice')).toMatchObject({ value: 1536 * MIB, run: 6400 * MIB });
    // 24,576 arrivals, of which 4,096 may stay at the end.
    expect(cell(rows, 'belady', 'bytesToHost')).toMatchObject({ value: 1280 * MIB, run: 6144 * MIB });
    expect(cell(rows, 'infinite-memory', 'gpuFaults')).toMatchObject({ value: 5120, ratio: 20 });
    expect(cell(rows, 'infinite-memory', 'bytesToDevice').value).toBe(320 * MIB);
    // Nothing ever has to go back: 0 is no number to divide by.
    expect(cell(rows, 'infinite-memory', 'bytesToHost')).toMatchObject({ value: 0, ratio: null, reason: null });
    // The device reads what the CPU wrote to a; b it overwrites before it reads it.
    expect(cell(rows, 'link-floor', 'linkBytes')).toMatchObject({ value: 160 * MIB, run: (6400 + 6144) * MIB });
    expect(cell(rows, 'no-migration', 'linkBytes')).toMatchObject({ kind: 'reference', value: 20 * 320 * MIB });
    for (const id of ['link-floor', 'perfect-prefetch'])
      expect(cell(rows, id, 'simTimePs')).toMatchObject({
        value: null,
        reason: 'this machine only counts and has no clock',
      });
    expect(rows.find(({ id }) => id === 'infinite-memory')!.notes).toEqual(['Devices touch 320 MiB and hold 256 MiB.']);
  });

  it('is met exactly by sweeping to and fro', async () => {
    const rows = await boundsOf('s4-alternating', { machine: 'r0' });
    for (const quantity of ['gpuFaults', 'bytesToDevice', 'bytesToHost'] as const)
      expect(cell(rows, 'belady', quantity).ratio, quantity).toBe(1);
  });

  it('takes on a timed machine what its bandwidths say', async () => {
    const rows = await boundsOf('s4-oversubscribed-stencil', { machine: 'pcie4-16g' });
    // Faults in flight change the order inside a sweep, not what a sweep touches.
    expect(cell(rows, 'belady', 'gpuFaults').value).toBe(24_576);
    const link = cell(rows, 'link-floor', 'simTimePs');
    expect(link.value).toBe(Math.floor(((160 * MIB) / (24 * 1024 * MIB)) * 1e12)); // 24 GiB/s, above the 25 GB/s of remote access
    const compute = (320 * MIB) / 12e9 + (20 * 320 * MIB) / 448e9 + 20 * 7.5e-6;
    const prefetch = cell(rows, 'perfect-prefetch', 'simTimePs');
    expect(prefetch.value! / (compute * 1e12)).toBeCloseTo(1, 5);
    expect(prefetch.value!).toBeLessThanOrEqual(compute * 1e12);
    expect(prefetch.run / prefetch.value!).toBeGreaterThan(10);
    expect(cell(rows, 'infinite-memory', 'simTimePs')).toMatchObject({ kind: 'reference', reason: null });
  });
});

describe('lines along the run', () => {
  it('spread what a kernel needs over the kernel, where the order inside is open: nothing towers over the run', async () => {
    await boundsOf('s4-oversubscribed-stencil', { machine: 'pcie4-16g' });
    const { extent } = await client.request('session.timeline', { from: 0, to: 1, bins: 1 });
    const { tracks, bounds } = await client.request('session.timeline', { from: 0, to: extent.to, bins: 400 });
    const line = bounds!.find(({ id }) => id === 'belady.gpuFaults')!.values;
    const run = tracks.find(({ id }) => id === 'faults.gpu.not-resident')!.values;
    expect(line.reduce((sum, value) => sum + value, 0)).toBeCloseTo(24_576, 6);
    // The run faults on everything in each sweep; the first sweep has to as well.
    expect(Math.max(...line) / Math.max(...run)).toBeLessThan(1.25);
    // Numbers are still counted in whole kernels.
    expect((await client.request('session.bounds', { make: false })).rows![0]!.values[0]!.value).toBe(24_576);
  });
});

describe('S9, first touch on the CPU', () => {
  it('pages as little as paging can; a third of the bytes is not needed', async () => {
    const rows = await boundsOf('s9-first-touch-triad', { machine: 'r0' });
    for (const id of ['belady', 'infinite-memory']) {
      expect(cell(rows, id, 'gpuFaults')).toMatchObject({ value: 6144, ratio: 1 });
      expect(cell(rows, id, 'bytesToDevice')).toMatchObject({ value: 384 * MIB, ratio: 1 });
    }
    expect(cell(rows, 'link-floor', 'linkBytes')).toMatchObject({ value: 256 * MIB, run: 384 * MIB, ratio: 1.5 });
    expect(cell(rows, 'no-migration', 'linkBytes').value).toBe(10 * 384 * MIB);
  });
});

describe('S1, the residual goes back and forth', () => {
  it('has to go to the CPU each time, and never back', async () => {
    const rows = await boundsOf('s1-jacobi-residual', { machine: 'r0' }, (text) =>
      text.replace('repeat: 100', 'repeat: 5'),
    );
    // Paging: u, unew and r once (3 × 512 granules), then r again each time that the CPU took it.
    expect(cell(rows, 'belady', 'gpuFaults')).toMatchObject({ value: 1024 + 5 * 512, ratio: 1 });
    expect(cell(rows, 'belady', 'bytesToDevice')).toMatchObject({ value: (64 + 4 * 32) * MIB, ratio: 1 });
    expect(cell(rows, 'infinite-memory', 'bytesToHost')).toMatchObject({ value: 5 * 32 * MIB, ratio: 1 });
    // Needed: u at first, and r on the CPU five times.
    expect(cell(rows, 'link-floor', 'linkBytes')).toMatchObject({ value: (32 + 5 * 32) * MIB, run: 352 * MIB });
  });
});

describe('perfect prefetch', () => {
  it('takes the CPU to read device memory at the rate that it has, where that is above its own', async () => {
    const text = `faultline: 1
name: reach
machine: pcie4-16g
system: gh-ats
objects:
  a: { size: 256KiB, element: f64 }
phases:
  - name: all
    steps: [ { on: gpu, do: [ { write: a } ] }, { on: cpu, do: [ ${Array.from({ length: 60 }, () => '{ read: a }').join(', ')} ] } ]
`;
    await client.run(writeWorkload(client, text), {});
    const { rows } = await client.request('session.bounds', { make: true });
    const { value, run } = cell(rows!, 'perfect-prefetch', 'simTimePs');
    expect(value!).toBeGreaterThan(run / 2);
    expect(value!).toBeLessThanOrEqual(run);
  });
});

describe('bounds beside a run', () => {
  it('are absent before the first request, and the same numbers whenever they are computed', async () => {
    const target = writeWorkload(client, workloadText(3));
    await client.request('session.open', { target, options: {} });
    expect((await client.request('session.bounds', { make: false })).rows).toBeNull();
    const before = (await client.request('session.bounds', { make: true })).rows!;
    expect(before.flatMap(({ values }) => values).every(({ run }) => run === 0)).toBe(true);
    await client.finish();
    const after = (await client.request('session.bounds', { make: false })).rows!;
    const summary = await client.request('session.summary', null);
    expect(cell(after, 'belady', 'gpuFaults').run).toBe(summary.totals.gpuFaults);
    const other = new SessionClient();
    try {
      await other.run(target, {});
      expect((await other.request('session.bounds', { make: true })).rows).toEqual(after);
      expect((await other.request('session.summary', null)).recordingHash).toBe(summary.recordingHash);
    } finally {
      other.close();
    }
  });

  it('are for the part that ran while the run goes on', async () => {
    await client.request('session.open', { target: writeWorkload(client, workloadText(30)), options: {} });
    await client.request('session.bounds', { make: true });
    for (let step = 0; step < 45; step++) await client.request('session.control', { action: 'step' });
    const { rows } = await client.request('session.bounds', { make: false });
    expect(rows!.length).toBeGreaterThan(0);
    for (const { quantity, kind, value, run } of rows!.flatMap(({ values }) => values))
      if (kind === 'bound' && value !== null) expect(value, quantity).toBeLessThanOrEqual(run);
    expect(cell(rows!, 'belady', 'gpuFaults').value).toBeGreaterThan(0);
    expect(cell(rows!, 'no-migration', 'linkBytes')).toMatchObject({
      value: null,
      reason: 'available when the run has ended',
    });
  });

  it('give way to a request to open something, and can be cancelled', async () => {
    await client.request('session.open', { target: { kind: 'example', id: 's1-jacobi-residual' }, options: {} });
    const gaveWay = expect(client.request('session.bounds', { make: true })).rejects.toThrow('cancelled');
    await client.request('session.open', { target: { kind: 'example', id: 's1-jacobi-residual' }, options: {} });
    await gaveWay;
    const stopped = expect(client.request('session.bounds', { make: true })).rejects.toThrow('cancelled');
    await client.request('session.cancel', null);
    await stopped;
    expect((await client.request('session.status', null)).doing).toBe('');
  });

  it('say what they are not defined for, and why', async () => {
    const rows = await boundsOf('s9-first-touch-triad', {
      machine: 'r0',
      policies: [{ kind: 'migration', id: 'first-touch-stay-remote' }],
    });
    expect(cell(rows, 'belady', 'gpuFaults')).toMatchObject({
      value: null,
      ratio: null,
      reason: 'this run reads or writes memory over the link, so a page does not have to move',
    });
    // All but the output is read where it lies: nothing less can cross than what is read for the first time.
    expect(cell(rows, 'link-floor', 'linkBytes')).toMatchObject({ value: 256 * MIB, run: 10 * 384 * MIB });
    const prefetching = await boundsOf('s9-first-touch-triad', {
      machine: 'r0',
      policies: [{ kind: 'prefetch', id: 'tree' }],
    });
    expect(cell(prefetching, 'belady', 'gpuFaults').value).toBeNull();
    expect(cell(prefetching, 'belady', 'bytesToDevice')).toMatchObject({ value: 384 * MIB, ratio: 1 });
  });

  it('of a trace are for what it holds, and say so', async () => {
    const path = join(client.folder, 'trace.csv');
    writeFileSync(path, 'processor,op,address,bytes\ncpu,w,0x10000,4096\ngpu0,r,0x10000,4096\ncpu,r,0x10000,8\n');
    await client.run({ kind: 'path', path }, { machine: 'r0', granularity: 4096 });
    const { rows } = await client.request('session.bounds', { make: true });
    expect(cell(rows!, 'link-floor', 'linkBytes').value).toBe(4096);
    for (const { notes } of rows!)
      expect(notes).toEqual([expect.stringMatching(/^The input is a trace: bounds cover/)]);
    const { blocks } = await client.request('session.report', { format: 'blocks', only: ['bounds'] });
    const said = blocks.filter((block) => block.kind === 'paragraph' && block.text.startsWith('The input is a trace'));
    expect(said).toHaveLength(1);
  });

  it('go into reports', async () => {
    await boundsOf('s4-alternating', { machine: 'r0' });
    const { blocks } = await client.request('session.report', { format: 'blocks', only: ['bounds'] });
    const table = blocks.find((block) => block.kind === 'table');
    expect(table?.rows.find(([title, of]) => title?.startsWith('Optimal') && of === 'Device faults')?.slice(2)).toEqual(
      ['at least', '24,576', '24,576', '1.00 ×'],
    );
    // Other reports have them only when somebody says so: two reports of one run are alike, measured or not.
    const plain = await client.request('session.report', { format: 'json' });
    expect(JSON.parse(plain.text)).not.toHaveProperty('bounds');
    await client.request('session.bounds', { make: true, report: true });
    const { text } = await client.request('session.report', { format: 'json' });
    expect(cell((JSON.parse(text) as { bounds: BoundRow[] }).bounds, 'belady', 'gpuFaults').ratio).toBe(1);
  });
});
