import { tableFromArrays, tableToIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { FORMAT_VERSION } from '../../../src-core/model/events';
import { Refusal } from '../../../src-core/model/refusal';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { looksLikeRecording, openRecording } from '../../../src-core/record/arrow-reader';
import { CHUNK_EVENTS } from '../../../src-core/record/recorder';
import { choose, rowsOf, type EventRow } from '../../property/drive';
import { bouncing, record, sourceOfBytes } from './recordings';

async function readBack(
  bytes: Uint8Array,
  chunkSize?: number,
): Promise<{ rows: EventRow[]; findings: readonly { kind: string }[] }> {
  const opened = await openRecording(sourceOfBytes(bytes, 'test.arrow', chunkSize));
  const rows: EventRow[] = [];
  for await (const chunk of opened.chunks(null)) rows.push(...rowsOf(chunk));
  return { rows, findings: opened.findings };
}

const change = { moment: { at: 'batch', batch: 5 } as const, policy: choose('prefetch', 'tree', { threshold: 75 }) };

describe('a recording', () => {
  it.each([
    ['counts only', undefined],
    ['with time', pcie4x16g],
  ])('is read back as it was written, %s', async (_name, machine) => {
    const recorded = await record(bouncing(3), { changes: [change] }, machine);
    const { rows, findings } = await readBack(recorded.bytes);
    expect(rows).toEqual(recorded.rows);
    expect(new Set(rows.map((row) => row.name))).toEqual(
      new Set(['fault', 'migration', 'eviction', 'step', 'ledger', 'policy', 'end']),
    );
    expect(rows.map((row) => row.ordinal)).toEqual(rows.map((_, index) => index));
    expect(findings).toEqual([]);
    expect((await openRecording(sourceOfBytes(recorded.bytes))).header).toEqual(
      JSON.parse(JSON.stringify(recorded.header)),
    );
  });

  it('keeps its order over several chunks, whatever the size of the reads', async () => {
    const recorded = await record(bouncing(160));
    expect(recorded.rows.length).toBeGreaterThan(CHUNK_EVENTS);
    for (const size of [1000, 65_536, recorded.bytes.length])
      expect((await readBack(recorded.bytes, size)).rows).toEqual(recorded.rows);
  });

  it('is recognised by its first bytes', async () => {
    const { bytes } = await record(bouncing(1));
    expect(looksLikeRecording(bytes.subarray(0, 16))).toBe(true);
    expect(looksLikeRecording(bytes.subarray(0, 7))).toBe(false);
    expect(looksLikeRecording(new TextEncoder().encode('faultline: 1\n'))).toBe(false);
  });

  it('says nothing but what it holds when it was cut: rows that were written, and a finding', async () => {
    const recorded = await record(bouncing(160));
    const written = new Set(recorded.rows.map((row) => JSON.stringify(row)));
    const { length } = recorded.bytes;
    let cutInside = 0;
    for (let part = 3; part < 40; part += 2) {
      const at = Math.floor((length * part) / 40);
      const { rows, findings } = await readBack(recorded.bytes.subarray(0, at));
      const invented = rows.filter((row) => !written.has(JSON.stringify(row)));
      expect(invented, `cut at ${at} of ${length}`).toEqual([]);
      expect(rows.length).toBeLessThan(recorded.rows.length);
      cutInside += findings.filter((finding) => finding.kind === 'recording-cut').length;
    }
    expect(cutInside).toBeGreaterThan(10); // cuts between two batches are found by the missing last row instead
  });
});

describe('what is no recording is refused with a sentence', () => {
  const refusal = async (bytes: Uint8Array): Promise<string> => {
    try {
      await readBack(bytes);
    } catch (cause) {
      if (cause instanceof Refusal) return cause.message;
      throw cause;
    }
    throw new Error('it was opened');
  };

  it('an Arrow stream of another program', async () => {
    const foreign = tableToIPC(tableFromArrays({ a: Float64Array.of(1, 2, 3) }), 'stream');
    expect(await refusal(foreign)).toMatch(
      /^test\.arrow: .*without a Faultline header; expected a recording made by Faultline/,
    );
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('faultline: 1\nname: x\n')],
    ['noise', Uint8Array.from({ length: 4096 }, (_, i) => (i * 197 + 31) & 255)],
    ['noise behind the marker', Uint8Array.from({ length: 4096 }, (_, i) => (i < 4 ? 255 : (i * 197 + 31) & 255))],
  ])('%s', async (_name, bytes) => {
    expect(await refusal(bytes)).toMatch(/^test\.arrow: .*expected a recording made by Faultline/);
  });

  it('a damaged or cut header', async () => {
    const { bytes } = await record(bouncing(1));
    expect(await refusal(bytes.slice(0, 200))).toMatch(/expected a recording made by Faultline/);
    const text = new TextDecoder('latin1').decode(bytes);
    const damaged = bytes.slice();
    damaged[text.indexOf('{"format"')] = 'x'.charCodeAt(0);
    expect(await refusal(damaged)).toMatch(/the header is not JSON/);
  });

  it('a recording of a later version, which names the version', async () => {
    const { bytes } = await record(bouncing(1));
    const later = bytes.slice();
    const text = new TextDecoder('latin1').decode(bytes);
    later[text.indexOf(`"format":${FORMAT_VERSION}`) + '"format":'.length] = '9'.charCodeAt(0);
    expect(await refusal(later)).toMatch(/recorded in format 9; this version reads up to format 5/);
  });
});
