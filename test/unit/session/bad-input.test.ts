/** Every kind of bad input that a user meets, opened through the session as every front end does. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import type { ErrorData } from '../../../src-core/protocol/answers';
import { SessionClient } from '../../support/session-client';

const folder = mkdtempSync(join(tmpdir(), 'faultline-bad-'));
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

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What opening is refused with; fails when it is not refused. */
async function refusal(path: string): Promise<ErrorData> {
  try {
    await client.request('session.open', { target: { kind: 'path', path }, options: { spool: false } });
  } catch (cause) {
    const { error } = cause as { error: ErrorData };
    expect(error.code).toBe('refused');
    // Whatever happened, the session goes on.
    const next = await client.run({ kind: 'example', id: 's9-first-touch-triad' }, { spool: false });
    expect(next.complete).toBe(true);
    return error;
  }
  throw new Error(`${path} was opened`);
}

const workload = (objects: string, phases: string): string => `faultline: 1
name: bad
machine: r0
objects: ${objects}
phases: ${phases}
`;
const STEP = '[{ name: p, steps: [{ on: gpu0, do: [{ read: a }] }] }]';

test('an empty file', async () => {
  expect((await refusal(file('empty.yaml', ''))).message).toContain('is empty');
});

test('binary garbage', async () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 197 + 131) % 256);
  expect((await refusal(file('garbage.bin', bytes))).message).toMatch(/garbage\.bin.*expected a workload file/);
});

test('a gzip file that is cut short', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => ` L ${(0x4000000 + i * 64).toString(16).padStart(8, '0')},8`);
  const whole = gzipSync(`I  00401000,3\n${lines.join('\n')}\n`);
  const error = await refusal(file('cut.lackey.gz', whole.subarray(0, whole.length >> 1)));
  expect(error.message).toMatch(/cut\.lackey\.gz.*truncated/);
});

test('an unknown key, with the nearest right one', async () => {
  const error = await refusal(file('key.yaml', `${workload('{ a: { size: 1MiB } }', STEP)}granularty: 64KiB\n`));
  expect(error.message + JSON.stringify(error.details)).toContain('granularity');
  expect(error.details[0]?.place).toMatchObject({ file: 'key.yaml', line: 6, column: 1 });
});

test('a wrong unit', async () => {
  const error = await refusal(file('unit.yaml', workload('{ a: { size: 64MB } }', STEP)));
  expect(JSON.stringify(error)).toMatch(/MiB/);
  expect(error.details[0]?.place).toMatchObject({ line: 4, path: 'objects.a.size' });
});

test('an object larger than 2^47', async () => {
  const error = await refusal(file('large.yaml', workload('{ a: { size: 200TiB } }', STEP)));
  expect(JSON.stringify(error)).toMatch(/2\^47|128 TiB/);
});

test('a phase that names an object that is not there', async () => {
  const error = await refusal(
    file('name.yaml', workload('{ alpha: { size: 1MiB } }', STEP.replace('read: a', 'read: alhpa'))),
  );
  expect(JSON.stringify(error)).toContain('alpha');
  expect(error.details[0]?.place?.path).toBe('phases[0].steps[0].do[0].read');
});

test('a loop of 1e12 iterations is refused at once', async () => {
  const phases = '[{ name: p, repeat: 1000000000000, steps: [{ on: gpu0, do: [{ read: a }] }] }]';
  const error = await refusal(file('endless.yaml', workload('{ a: { size: 1MiB } }', phases)));
  expect(JSON.stringify(error)).toMatch(/1e9|1,000,000,000|1000000000/);
});

test('a CSV with one bad row in the middle loads without it', async () => {
  const rows = ['proc,op,object,offset,bytes', 'cpu,w,a,0,65536', 'gpu0,r,a,zero,8', 'gpu0,r,a,0,65536'];
  const path = file('row.csv', `${rows.join('\n')}\n`);
  const summary = await client.run({ kind: 'path', path }, { spool: false });
  expect(summary.totals).toMatchObject({ cpuFaults: 1, gpuFaults: 1, bytesToDevice: 65_536 });
  const finding = summary.findings.find(({ kind }) => kind === 'csv-bad-row');
  expect(finding).toMatchObject({ count: 1, place: { line: 3 } });
});

test('a directory', async () => {
  expect((await refusal(folder)).message).toMatch(/directory/);
});

test('a file that may not be read', async () => {
  const path = file('secret.yaml', workload('{ a: { size: 1MiB } }', STEP));
  chmodSync(path, 0);
  // Root may read everything; for this look it becomes nobody.
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65534);
  let error: unknown;
  try {
    await client.request('session.open', { target: { kind: 'path', path }, options: { spool: false } });
  } catch (cause) {
    error = cause;
  } finally {
    if (root) process.seteuid?.(0);
  }
  expect(String(error)).toMatch(/secret\.yaml cannot be read: permission denied/);
});

test('a run that needs more granules than can be held', async () => {
  const path = file('granules.yaml', workload('{ a: { size: 100TiB } }', STEP));
  expect((await refusal(path)).message).toMatch(/granules.*Choose a larger/);
});
