/** Bugs that a review found, each with its smallest input. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import type { RunSummary } from '../../../src-core/model/summary';
import { SessionClient } from '../../support/session-client';

const folder = mkdtempSync(join(tmpdir(), 'faultline-reviewed-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

function run(name: string, lines: readonly string[], options: RunOptions): Promise<RunSummary> {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return client.run({ kind: 'path', path }, { spool: false, ...options });
}
const HEADER = 'proc,op,object,address,bytes,count,stride';

test('belady stays below LRU where faults come in batches', async () => {
  const options = { deviceMemoryBytes: 64 * 2 ** 20, spool: false };
  const lru = await client.run({ kind: 'example', id: 's1-jacobi-residual' }, options);
  const policies = [{ kind: 'eviction', id: 'belady' }] as const;
  const belady = await client.run({ kind: 'example', id: 's1-jacobi-residual' }, { ...options, policies });
  expect(lru.totals.gpuFaults).toBe(153_600);
  expect(belady.totals.gpuFaults).toBeLessThan(lru.totals.gpuFaults);
});

test('holes between objects are never brought along', async () => {
  const rows = [
    'cpu,w,A,0x200000,8,512,8',
    'cpu,w,B,0x280000,8,512,8',
    'gpu0,r,A,0x200000,8,512,8',
    'gpu0,r,B,0x280000,8,512,8',
    'gpu0,w,C,0x400000,8,1024,8',
  ];
  const policies = [{ kind: 'prefetch', id: 'tree', params: { threshold: 0 } }] as const;
  const summary = await run('gap.csv', [HEADER, ...rows], { granularity: 4096, deviceMemoryBytes: 65_536, policies });
  expect(summary.totals).toMatchObject({ bytesToDevice: 8192, bytesToHost: 0, evictions: 0 });
});

test('objects that share a granule are booked no more dead bytes than they moved', async () => {
  const rows = [
    'cpu,w,A,0x200000,8,256,8',
    'cpu,w,B,0x200800,8,256,8',
    'gpu0,w,A,0x200000,8,1,8',
    'cpu,w,B,0x200800,8,1,8',
    'gpu0,w,B,0x200800,8,256,8',
    'gpu0,w,A,0x200000,8,256,8',
  ];
  const { objects } = await run('shared.csv', [HEADER, ...rows], { granularity: 4096 });
  const [a, b] = ['A', 'B'].map((name) => objects.find((object) => object.name === name));
  expect(a).toMatchObject({ bytesToDevice: 4096, deadBytesToDevice: 4096, deadBytesToHost: 0 });
  expect(b).toMatchObject({ bytesToDevice: 4096, deadBytesToDevice: 4096, bytesToHost: 4096, deadBytesToHost: 4096 });
});

test('a recording grows with its events, and says so when it was damaged', async () => {
  const made = await client.run({ kind: 'example', id: 's4-oversubscribed-stencil' });
  const path = join(folder, 's4.arrow');
  await client.request('session.saveRecording', { path });
  expect(statSync(path).size / made.totals.events).toBeLessThan(100);

  const bytes = readFileSync(path);
  for (let at = 200_000; at < bytes.length - 200_000; at += 50_001) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  const damaged = join(folder, 'damaged.arrow');
  writeFileSync(damaged, bytes);
  const open = async (file: string): Promise<readonly string[]> => {
    await client.request('session.open', { target: { kind: 'path', path: file }, options: {} });
    return (await client.request('session.summary', null)).findings.map(({ kind }) => kind);
  };
  expect(await open(path)).not.toContain('recording-damaged');
  await expect(open(damaged).then((kinds) => kinds.some((kind) => /^recording-/.test(kind)))).resolves.toBe(true);
});
