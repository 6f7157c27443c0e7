import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src-core/model/summary';
import type { RunStatus } from '../../../src-core/protocol/answers';
import { SessionClient } from '../../support/session-client';
import { workloadText, writeWorkload } from './workload';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const control = (action: 'run' | 'pause' | 'step' | 'restart'): Promise<RunStatus> =>
  client.request('session.control', { action });
const change = (kind: 'eviction' | 'prefetch' | 'migration', id: string, params = {}): Promise<RunStatus> =>
  client.request('session.policy', { kind, id, params });
const open = (text?: string): Promise<unknown> =>
  client.request('session.open', { target: writeWorkload(client, text), options: {} });
const summary = (): Promise<RunSummary> => client.request('session.summary', null);
async function steps(count: number): Promise<RunStatus> {
  let status = await control('step');
  for (let i = 1; i < count; i++) status = await control('step');
  return status;
}

describe('a step', () => {
  it('is one fault batch where accesses come one after another', async () => {
    await open();
    for (let batches = 1; batches <= 24; batches++)
      expect(await control('step')).toMatchObject({ state: 'paused', batches });
  });

  it('leads to the end in the end, to the same recording', async () => {
    const straight = await client.run(writeWorkload(client, workloadText(2)));
    await open(workloadText(2));
    let status = await control('step');
    while (status.state !== 'finished') {
      const before = status.batches;
      status = await control('step');
      // Lanes in lock step are one iteration: each of the two may fault in it.
      expect(status.batches - before).toBeLessThanOrEqual(2);
    }
    expect((await summary()).recordingHash).toBe(straight.recordingHash);
    expect(straight.totals.batches).toBe(straight.totals.cpuFaults + straight.totals.gpuFaults);
  });

  it('that lies behind a pause or a restart begins where it should', async () => {
    await open();
    expect((await steps(5)).batches).toBe(5);
    const status = await control('restart');
    expect(status).toMatchObject({ state: 'ready', batches: 0, accesses: 0 });
    expect((await steps(1)).batches).toBe(1);
  });
});

describe('a change in a live run', () => {
  it('waits for the next fault batch, governs from there on, and is in the summary', async () => {
    await open();
    const before = await steps(40);
    const asked = await change('prefetch', 'sequential-64k');
    expect(asked.pendingChanges.map(({ id }) => id)).toEqual(['sequential-64k']);
    expect(asked.policies.find(({ kind }) => kind === 'prefetch')?.id).toBe('none');
    const after = await steps(1);
    expect(after.pendingChanges).toEqual([]);
    expect(after.policies.find(({ kind }) => kind === 'prefetch')).toEqual({
      kind: 'prefetch',
      id: 'sequential-64k',
      params: { regionKib: 64 },
    });
    await client.finish();
    const { changes, totals } = await summary();
    expect(changes.map(({ batch, origin, policy }) => [batch, origin, policy.id])).toEqual([
      [before.batches + 1, 'live', 'sequential-64k'],
    ]);
    expect(totals.prefetchedBytes).toBeGreaterThan(0);
  });

  it.each([
    ['one change', [['prefetch', 'tree', { threshold: 25 }]]],
    [
      'three at once',
      [
        ['eviction', 'random', {}],
        ['migration', 'access-counter', { threshold: 3 }],
        ['prefetch', 'tree', {}],
      ],
    ],
  ] as const)('is repeated exactly by a rerun with the recorded batch: %s', async (_name, changes) => {
    await open();
    await steps(33);
    for (const [kind, id, params] of changes) await change(kind, id, params);
    await client.finish();
    const live = await summary();
    const scheduled = live.changes.map(({ batch, policy }) => ({ moment: { at: 'batch' as const, batch }, policy }));
    const rerun = await client.run(writeWorkload(client), { changes: scheduled });
    expect(rerun.totals).toEqual(live.totals);
    expect(rerun.objects).toEqual(live.objects);
    expect(rerun.recordingHash).toBe(live.recordingHash);
    expect(rerun.changes).toEqual(live.changes.map((applied) => ({ ...applied, origin: 'scheduled' })));
    const unchanged = await client.run(writeWorkload(client));
    expect(unchanged.recordingHash).not.toBe(live.recordingHash);
  });

  it('to belady is refused with the reason and the way out', async () => {
    await open();
    await steps(3);
    await expect(change('eviction', 'belady')).rejects.toThrow(
      /eviction=belady needs to know future accesses.*restart with it instead \(CLI: --policy eviction=belady\)/,
    );
    expect((await client.request('session.status', null)).pendingChanges).toEqual([]);
  });

  it('is refused when there is no such policy or parameter, when nothing runs and when the run has ended', async () => {
    await expect(change('eviction', 'random')).rejects.toThrow(/open a workload or a trace before/);
    await open();
    await expect(change('eviction', 'lfu')).rejects.toThrow(/no eviction policy "lfu"/);
    await expect(change('prefetch', 'tree', { threshold: 200 })).rejects.toThrow(/parameter "threshold"/);
    await client.finish();
    await expect(change('eviction', 'random')).rejects.toThrow(/the run has ended; restart it/);
  });

  it('a change after the last fault is reported as without effect', async () => {
    await open();
    const { totals } = await client.run(writeWorkload(client));
    await open();
    let status = await control('step');
    while (status.batches < totals.batches) status = await control('step');
    expect(status.state).toBe('paused');
    await change('eviction', 'random');
    await client.finish();
    const { findings, changes } = await summary();
    expect(changes).toEqual([]);
    expect(findings.map(({ kind }) => kind)).toContain('change-not-reached');
  });
});

describe('scheduled changes', () => {
  it.each([
    ['batch', { at: 'batch', batch: 50 }, { batch: 50 }],
    ['access', { at: 'access', access: 20_000 }, {}],
    ['phase', { at: 'phase', phase: 'sweep', iteration: 3 }, {}],
  ] as const)('take effect at the first batch at which their moment has come: %s', async (_name, moment, expected) => {
    const policy = { kind: 'eviction' as const, id: 'random', params: {} };
    const { changes } = await client.run(writeWorkload(client), { changes: [{ moment, policy }] });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ ...expected, origin: 'scheduled' });
    if (moment.at === 'access') expect(changes[0]!.access).toBeGreaterThanOrEqual(20_000);
  });

  it('whose moment never comes are reported', async () => {
    const policy = { kind: 'eviction' as const, id: 'random', params: {} };
    const { changes, findings } = await client.run(writeWorkload(client), {
      changes: [{ moment: { at: 'batch', batch: 1e9 }, policy }],
    });
    expect(changes).toEqual([]);
    expect(findings.find(({ kind }) => kind === 'change-not-reached')?.message).toContain('1000000000');
  });
});

describe('pace', () => {
  it('keeps to the batches per second that were asked for, and full speed ends the run', async () => {
    await open(workloadText(400));
    await client.request('session.speed', { batchesPerSecond: 100 });
    const began = performance.now();
    await control('run');
    await new Promise((resolve) => setTimeout(resolve, 400));
    const { batches } = await client.request('session.status', null);
    const seconds = (performance.now() - began) / 1000;
    expect(batches).toBeGreaterThan(1);
    expect(batches).toBeLessThanOrEqual(Math.ceil(100 * seconds) + 2);
    await client.request('session.speed', { batchesPerSecond: null });
    expect((await client.finish()).state).toBe('finished');
  });

  it('changes no number', async () => {
    const straight = await client.run(writeWorkload(client, workloadText(2)));
    await open(workloadText(2));
    await client.request('session.speed', { batchesPerSecond: 2000 });
    await client.finish();
    expect((await summary()).recordingHash).toBe(straight.recordingHash);
  });

  it.each([0, -1, Number.NaN, 1e10])('refuses %d batches per second', async (batchesPerSecond) => {
    await expect(client.request('session.speed', { batchesPerSecond })).rejects.toThrow(/expected 1 to 1e9, or null/);
  });
});

describe('a pause', () => {
  it('in the middle, with questions asked, changes no number', async () => {
    const straight = await client.run(writeWorkload(client, workloadText(200)));
    await open(workloadText(200));
    for (let i = 0; i < 5; i++) {
      await control('run');
      await control('pause');
      await steps(7);
      await client.request('session.timeline', { from: 0, to: 1e6, bins: 100 });
      await client.request('session.objects', { from: 0, to: 1e9 });
    }
    await client.finish();
    const paused = await summary();
    expect(paused.totals).toEqual(straight.totals);
    expect(paused.recordingHash).toBe(straight.recordingHash);
  });
});

describe('questions that cannot be answered', () => {
  it.each([
    [{ from: 5, to: 5, bins: 10 }],
    [{ from: -1, to: 5, bins: 10 }],
    [{ from: 0, to: 5, bins: 0 }],
    [{ from: 0, to: 5, bins: 5000 }],
    [{ from: Number.NaN, to: 5, bins: 10 }],
  ])('%o is refused', async (question) => {
    await open();
    await expect(client.request('session.timeline', question)).rejects.toThrow(
      /is not valid; expected 0 ≤ from < to and 1 to 4096 bins/,
    );
  });
});

describe('a recording that is opened again', () => {
  it('tells the same, and says so when it was cut', async () => {
    const path = join(client.folder, 'kept.arrow');
    const made = await client.run(writeWorkload(client), { record: path });
    const info = await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    expect(info.kind).toBe('recording');
    expect(await summary()).toEqual(made);
    await expect(control('run')).rejects.toThrow(/finished recording; open its workload file/);

    const bytes = readFileSync(path);
    const cut = join(client.folder, 'cut.arrow');
    writeFileSync(cut, bytes.subarray(0, bytes.length - 6000));
    await client.request('session.open', { target: { kind: 'path', path: cut }, options: {} });
    const half = await summary();
    expect(half.complete).toBe(false);
    expect(half.findings.map(({ kind }) => kind)).toContain('recording-cut');
  });
});
