/** Files of older versions, and what the kind `os` adds. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reasonCode } from '../../../src-core/model/events';
import type { RunSummary } from '../../../src-core/model/summary';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { openRecording } from '../../../src-core/record/arrow-reader';
import { ArrowWriter } from '../../../src-core/record/arrow-writer';
import { Recorder } from '../../../src-core/record/recorder';
import { GPU0, CPU } from '../../../src-core/model/processor';
import { makeHash, rowsOf, type EventRow } from '../../property/drive';
import { faultEvent, osEvent } from '../../support/events';
import { SessionClient } from '../../support/session-client';
import { bouncing, record, sourceOfBytes } from './recordings';

const OUTCOME = reasonCode('outcome');
const CALL = reasonCode('call');

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

/** Written by engine 0.1.0 before memory systems existed (commit 6f10f99), of the workload that it holds. */
const FORMAT_1 = join(import.meta.dirname, '../../fixtures/recordings/format-1.arrow');
const HASH_1 = '3fd7da789fce26be9a1020da96cf4fd8da58d7d08af4ff9a9826937318815ecb';

describe('a recording of format 1', () => {
  const open = async (): Promise<void> => {
    const path = join(client.folder, 'old.arrow');
    copyFileSync(FORMAT_1, path);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
  };

  it('opens with its hash checked, as a run on the ideal system', async () => {
    await open();
    const summary = await client.request('session.summary', null);
    expect(summary).toMatchObject({ recordingHash: HASH_1, system: null, complete: true, findings: [] });
    const { tracks } = await client.request('session.timeline', { from: 0, to: Number.MAX_SAFE_INTEGER, bins: 1 });
    const faults = tracks.filter(({ group }) => group === 'faults').map(({ values }) => values[0]!);
    expect(faults.reduce((a, b) => a + b)).toBe(summary.totals.cpuFaults + summary.totals.gpuFaults);
    const { text } = await client.request('session.report', { format: 'html' });
    expect(text).toContain(HASH_1);
    expect(text).not.toContain('--system');
  });

  it('keeps the totals that its engine counted', async () => {
    await open();
    const { totals } = await client.request('session.summary', null);
    expect(totals).toMatchObject({ accesses: 270_336, cpuFaults: 8, gpuFaults: 22, migrations: 41, evictions: 15 });
    expect(totals).toMatchObject({ bytesToDevice: 1_441_792, bytesToHost: 1_245_184, usefulBytes: 1_376_256 });
    expect(totals).toMatchObject({ deadBytesToDevice: 720_896, deadBytesToHost: 327_680, batches: 18, events: 107 });
  });

  // Faults of a GPU with a fault buffer are counted otherwise since thread groups raise them: its machine takes batches.
  it('holds a workload that still makes the same accesses and CPU faults', async () => {
    await open();
    const before = await client.request('session.summary', null);
    const info = await client.request('session.open', {
      target: { kind: 'path', path: join(client.folder, 'old.arrow') },
      options: {},
    });
    const path = join(client.folder, 'small.yaml');
    writeFileSync(path, info.workloadText);
    const again = await client.run({ kind: 'path', path });
    const made = ({ objects }: RunSummary): unknown[] =>
      objects.map(({ name, bytes, accesses, cpu, gpu, cpuFaults }) => ({ name, bytes, accesses, cpu, gpu, cpuFaults }));
    expect(made(again)).toEqual(made(before));
    expect(again.totals.events).toBeLessThan(before.totals.events); // neighbours that moved together are one event now
  });
});

/** Written by engine 0.1.0 before parameters of memory systems could change during the run: hmm, one policy change, one call. */
const FORMAT_2 = join(import.meta.dirname, '../../fixtures/recordings/format-2.arrow');
const HASH_2 = '092cf638accfde5926166ad5e92b9d66bd545357060d7b76a2ff3054f1a1c33c';

describe('a recording of format 2', () => {
  it('opens with its hash checked, with its system as it was from the first batch to the last', async () => {
    const path = join(client.folder, 'old.arrow');
    copyFileSync(FORMAT_2, path);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    const summary = await client.request('session.summary', null);
    expect(summary).toMatchObject({ recordingHash: HASH_2, complete: true });
    expect(summary.findings.map(({ kind }) => kind)).toEqual(['prefetch-refused']);
    expect(summary.changes).toMatchObject([{ batch: 10, policy: { kind: 'prefetch', id: 'tree' } }]);
    const status = await client.request('session.status', null);
    expect(status.system).toEqual({ id: 'hmm', params: summary.system?.params });
    expect(status.system?.params['thp']).toBe('never');
  });
});

/** Both written by engine 0.1.0, the last version that wrote one transfer per granule of the ideal system. */
const FORMAT_3 = join(import.meta.dirname, '../../fixtures/recordings/format-3.arrow');
const HASH_3 = 'bd77095ba6a9aef626e0260d3a727ecd0ca2a57ce88b0756c1c0c7ac1d02912c';
const FORMAT_3_UVM = join(import.meta.dirname, '../../fixtures/recordings/format-3-uvm.arrow');
const HASH_3_UVM = '8c62e840eb4ccc800c9c588c8bb79bef41bf7f13e56145010196eb7f51334827';

describe('a recording of format 3', () => {
  const open = async (file: string): Promise<Map<string, number>> => {
    const path = join(client.folder, 'old.arrow');
    copyFileSync(file, path);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    const { tracks } = await client.request('session.timeline', { from: 0, to: Number.MAX_SAFE_INTEGER, bins: 1 });
    return new Map(tracks.map(({ id, values }) => [id, values[0]!]));
  };
  const sumOf = (tracks: Map<string, number>, start: string): number =>
    [...tracks].filter(([id]) => id.startsWith(start)).reduce((sum, [, value]) => sum + value, 0);

  it('of the ideal system opens with its hash checked, and its transfers add up to its totals', async () => {
    const tracks = await open(FORMAT_3);
    const summary = await client.request('session.summary', null);
    expect(summary).toMatchObject({ recordingHash: HASH_3, complete: true, findings: [] });
    expect(sumOf(tracks, 'bytes.toDevice.')).toBe(summary.totals.bytesToDevice);
    expect(sumOf(tracks, 'bytes.toHost.')).toBe(summary.totals.bytesToHost);
    expect(sumOf(tracks, 'faults.')).toBe(summary.totals.cpuFaults + summary.totals.gpuFaults);
  });

  it('shows memory that came into being on the device, whose rows have no size', async () => {
    const tracks = await open(FORMAT_3);
    expect(['occupancy.0', 'occupancy.1', 'occupancy.2'].map((id) => tracks.get(id))).toEqual([12288, 24576, 0]);
  });

  it('a recording of NVIDIA UVM opens with its hash checked and has the parameter that changed during the run', async () => {
    const tracks = await open(FORMAT_3_UVM);
    const summary = await client.request('session.summary', null);
    expect(summary).toMatchObject({ recordingHash: HASH_3_UVM, complete: true, findings: [] });
    expect(sumOf(tracks, 'bytes.toDevice.')).toBe(summary.totals.bytesToDevice);
    expect(summary.changes).toMatchObject([{ batch: 2, policy: { kind: 'system', id: 'nvidia-uvm' } }]);
    const status = await client.request('session.status', null);
    expect(status.system?.params['uvm_perf_prefetch_threshold']).toBe(80);
  });
});

/** Written by engine 0.1.0, the last version that hashed all chunks as one text; its policy changes at batch 20. */
const FORMAT_4 = join(import.meta.dirname, '../../fixtures/recordings/format-4.arrow');
const HASH_4 = 'fe1de2d349ff52e45b46e6c822568e9db34ab1c461cc78e0f1c99f1a86e98c54';

describe('a recording of format 4', () => {
  it('opens with its hash checked, and its transfers add up to its totals', async () => {
    const path = join(client.folder, 'old.arrow');
    copyFileSync(FORMAT_4, path);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    const summary = await client.request('session.summary', null);
    expect(summary).toMatchObject({ recordingHash: HASH_4, complete: true, findings: [] });
    expect(summary.totals).toMatchObject({
      cpuFaults: 13,
      gpuFaults: 341,
      migrations: 298,
      evictions: 76,
      events: 830,
    });
    expect(summary.changes).toMatchObject([{ batch: 20, policy: { kind: 'prefetch', id: 'tree' } }]);
    const { tracks } = await client.request('session.timeline', { from: 0, to: Number.MAX_SAFE_INTEGER, bins: 1 });
    const toDevice = tracks.filter(({ id }) => id.startsWith('bytes.toDevice.')).map(({ values }) => values[0]!);
    expect(toDevice.reduce((a, b) => a + b)).toBe(summary.totals.bytesToDevice);
  });

  it('a recording whose events were changed is reported', async () => {
    const bytes = new Uint8Array(readFileSync(FORMAT_4));
    const path = join(client.folder, 'changed.arrow');
    // The middle of the file is in the packed columns.
    const at = Math.floor(bytes.length / 2);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(path, bytes);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    const { findings } = await client.request('session.summary', null);
    expect(findings.map(({ kind }) => kind)).toContain('recording-damaged');
  });
});

describe('a row of kind os', () => {
  const write = (detail: string): { rows: EventRow[]; digest: string; recorder: Recorder } => {
    const rows: EventRow[] = [];
    const recorder = new Recorder(makeHash, { chunk: (chunk) => void rows.push(...rowsOf(chunk)) }, null);
    const at = { batch: 3, step: 2, object: 4 };
    const address = 0x7f0000001000;
    expect(
      recorder.os(
        osEvent({ ...at, access: 100, timePs: 5e6, processor: GPU0, bytes: 8192, reason: OUTCOME, detail, address }),
      ),
    ).toBe(0);
    expect(
      recorder.os(
        osEvent({ ...at, access: 101, timePs: 6e6, reason: CALL, detail: '{"what":"munmap","result":"ok"}' }),
      ),
    ).toBe(1);
    recorder.abandon();
    return { rows, digest: recorder.digest(), recorder };
  };

  it('keeps who, what, where and the answer', () => {
    const { rows } = write('{"what":"gpu0 read","result":"SIGBUS"}');
    expect(rows).toMatchObject([
      { name: 'os', ordinal: 0, time: 5e6, access: 100, batch: 3, step: 2, processor: 1, object: 4, bytes: 8192 },
      { name: 'os', ordinal: 1, reason: reasonCode('call'), detail: '{"what":"munmap","result":"ok"}' },
    ]);
    expect(rows[0]).toMatchObject({ address: 0x7f0000001000, detail: '{"what":"gpu0 read","result":"SIGBUS"}' });
  });

  it('counts in the hash, with its answer', () => {
    expect(write('{"result":"SIGBUS"}').digest).not.toBe(write('{"result":"ok"}').digest);
    expect(write('{"result":"ok"}').digest).toBe(write('{"result":"ok"}').digest);
  });

  it('comes back from a file among rows of other kinds', async () => {
    const { header } = await record(bouncing(1), {}, pcie4x16g);
    const parts: Uint8Array[] = [];
    const writer = new ArrowWriter(header, {
      write: (bytes) => void parts.push(bytes.slice()),
      truncate: () => undefined,
      close: () => undefined,
    });
    const rows: EventRow[] = [];
    const recorder = new Recorder(
      makeHash,
      {
        chunk: (chunk, packed) => {
          rows.push(...rowsOf(chunk));
          writer.chunk(chunk, packed);
        },
      },
      null,
    );
    recorder.fault(faultEvent({ access: 1, address: 4096, reason: reasonCode('hmm-mirror') }));
    recorder.os(osEvent({ access: 2, address: 4096, reason: CALL, detail: '{"what":"munmap","result":"EINVAL"}' }));
    recorder.fault(faultEvent({ access: 3, processor: CPU, op: 1, reason: reasonCode('no-permission') }));
    recorder.end({ timePs: 3, access: 3, batch: 2, step: 0 }, (hash) => JSON.stringify({ hash }));
    writer.close();
    const read: EventRow[] = [];
    const opened = await openRecording(sourceOfBytes(new Uint8Array(Buffer.concat(parts))));
    for await (const chunk of opened.chunks(null)) read.push(...rowsOf(chunk));
    expect(read).toEqual(rows);
    expect(read.map(({ name }) => name)).toEqual(['fault', 'os', 'fault', 'end']);
  });
});
