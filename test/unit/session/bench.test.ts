import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  drain,
  encodeAccesses,
  encodeRequests,
  requestSource,
  subjectOf,
  timedRun,
  type BenchCase,
  type BenchPlatform,
} from '../../../src-core/session/bench';

const caseOf = (timed: string): BenchCase => ({
  id: 'small',
  what: '',
  text: `faultline: 1
name: small
machine: r0
granularity: 4KiB
deviceMemory: 2MiB
objects:
  a: { size: 4MiB, element: 4096B, initially: host }
phases:
  - { name: warm, steps: [{ on: gpu0, do: [{ read: a, elements: [0, 100] }] }] }
  - { name: timed, steps: [{ on: gpu0, do: [${timed}] }] }
`,
});
const cyclic = caseOf('{ readwrite: a }, { readwrite: a }');
const random = caseOf('{ read: a, pattern: random, count: 1000 }');

let ticks = 0;
const platform: BenchPlatform = {
  createHash() {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.copy().digest('hex') };
  },
  seconds: () => ({ wall: ticks++, thread: 10 * ticks, process: 100 * ticks }),
};

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<DataView> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  const whole = Buffer.concat(parts);
  return new DataView(whole.buffer, whole.byteOffset, whole.length);
}

describe('a bench case', () => {
  it('counts what its timed phase does, exactly, and nothing of the warm one', async () => {
    const run = await timedRun(subjectOf(cyclic), 'kept', platform);
    // 100 of the 512 pages that fit are there at first; after that LRU evicts each page before it is needed again.
    expect(run).toMatchObject({ accesses: 2048, faults: 100 + 924 + 1024 - 100, evictions: 1536 });
  });

  it('counts the same when its recording is dropped', async () => {
    const { seconds: _kept, ...kept } = await timedRun(subjectOf(random), 'kept', platform);
    const { seconds: _dropped, ...dropped } = await timedRun(subjectOf(random), 'dropped', platform);
    expect(dropped).toEqual(kept);
    expect(kept.faults).toBeGreaterThan(0);
  });

  it('reads each clock where the timed phase begins and where the run ends', async () => {
    const { seconds } = await timedRun(subjectOf(random), 'dropped', platform);
    expect(seconds).toEqual({ wall: 1, thread: 10, process: 100 });
  });
});

describe('accesses for the C reference', () => {
  it('are one by one, with granule, operation and device, after the mark between warm and timed', async () => {
    const view = await joined(encodeAccesses(subjectOf(cyclic).source, 4096));
    const seen: string[] = [];
    let at = 0;
    while (at < view.byteLength) {
      const kind = view.getUint32(at, true);
      const n = view.getUint32(at + 4, true);
      if (kind === 3) seen.push('mark');
      if (kind === 2) {
        const words = Array.from({ length: n }, (_, i) => view.getUint32(at + 16 + 4 * i, true));
        expect(view.getFloat64(at + 8, true)).toBe(4096);
        expect(words.map((word) => word & 0x7ffffff)).toEqual(words.map((_, i) => i));
        expect(new Set(words.map((word) => word >>> 29))).toEqual(new Set([1]));
        seen.push(`${n} of operation ${(words[0]! >>> 27) & 3}`);
      }
      at += kind === 3 ? 8 : 16 + 8 * Math.ceil(n / 2);
    }
    expect(at).toBe(view.byteLength);
    expect(seen).toEqual(['100 of operation 0', 'mark', '1024 of operation 2', '1024 of operation 2']);
  });

  it('are run-length groups where these are asked for', async () => {
    const view = await joined(encodeAccesses(subjectOf(cyclic).source, null));
    const words = Array.from({ length: 4 }, (_, i) => view.getFloat64(8 + 8 * i, true));
    expect([view.getUint32(0, true), ...words]).toEqual([1, 0, 4096, 100, 4096]);
    expect(view.getUint32(40, true)).toBe(3);
    expect(view.byteLength).toBe(3 * 40 + 8);
  });

  it('are as many as a stream makes that nobody executes', async () => {
    expect(await drain(subjectOf(cyclic).source)).toBe(2148);
    expect(await drain(subjectOf(random).source)).toBe(1100);
  });
});

describe('a file of cache requests', () => {
  const { source } = subjectOf(caseOf('{ read: a, pattern: random, count: 70000 }'));

  it('has 24 bytes for each: time, object, size, next access', async () => {
    const view = await joined(encodeRequests(source));
    expect(view.byteLength).toBe(24 * 70_000);
    expect(view.getUint32(24 * 69_999, true)).toBe(69_999);
    expect(view.getBigUint64(4, true)).toBeLessThan(1024n);
    expect([view.getUint32(12, true), view.getBigInt64(16, true)]).toEqual([4096, -2n]);
  });

  it('is read as the same accesses that were written to it', async () => {
    const view = await joined(encodeRequests(source));
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const read = (into: Uint8Array, position: number): number => {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    };
    const again = requestSource(source, read);
    const objects = Array.from({ length: 70_000 }, (_, i) => view.getUint32(24 * i + 4, true));
    const packed = await joined(encodeAccesses(again, 4096));
    const first = Array.from({ length: 1000 }, (_, i) => packed.getUint32(8 + 16 + 4 * i, true) & 0x7ffffff);
    expect(first).toEqual(objects.slice(0, 1000));
    expect(await drain(again)).toBe(70_000);
  });
});
