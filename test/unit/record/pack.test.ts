/** Columns as bytes: nothing is lost, and what follows a rule takes no room. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { EVENT_COLUMNS } from '../../../src-core/model/events';
import type { ColumnArray } from '../../../src-core/record/columns';
import { HEAD_BYTES, pack, PackBuffer, unpack } from '../../../src-core/record/pack';

function packed(values: ColumnArray): Uint8Array {
  const buffer = new PackBuffer();
  pack(values, values.length, buffer, 0);
  return buffer.bytes.slice(0, buffer.length);
}

function unpacked<A extends ColumnArray>(bytes: Uint8Array, into: A): A {
  unpack(bytes, into);
  return into;
}

const MAKE = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array };

describe('a packed column', () => {
  it('gives back what went in, for every type of column and width of numbers', () => {
    const stream = randomStream(7, 'pack');
    for (let round = 0; round < 2000; round++) {
      const type = (['u8', 'u16', 'u32', 'f64'] as const)[stream.below(4)]!;
      const count = 1 + stream.below(40);
      const span = 2 ** stream.below(type === 'f64' ? 53 : 32);
      const unit = stream.below(3) === 0 ? 4096 : 1;
      const start = stream.below(2) === 0 ? 0 : Math.floor(stream.unit() * 2 ** 50) * unit;
      const rises = stream.below(2) === 0;
      const values = new MAKE[type](count);
      for (let i = 0, at = start; i < count; i++) {
        const step = Math.floor(stream.unit() * span) * unit;
        at = rises ? at + step : start + step;
        values[i] = stream.below(50) === 0 && type === 'f64' ? at + 0.25 : at;
      }
      expect(unpacked(packed(values), new MAKE[type](count)), `round ${round}`).toEqual(values);
    }
  });

  it('keeps numbers that are not whole, and the ends of the range', () => {
    for (const list of [
      [0.1, 0.2, 0.30000000000000004, 0.4],
      [0, Number.MAX_SAFE_INTEGER, 1],
      [-1, 5, -(2 ** 52)],
      [2 ** 57, 2 ** 57 - 4096, 4096],
    ]) {
      const values = Float64Array.from(list);
      expect(unpacked(packed(values), new Float64Array(list.length))).toEqual(values);
    }
  });

  it('takes no room beyond its head where values rise evenly, and one byte a page where pages are near', () => {
    expect(packed(Float64Array.from({ length: 30_000 }, (_, i) => 2 ** 40 + 65_536 * i)).length).toBe(HEAD_BYTES);
    expect(packed(new Uint8Array(30_000).fill(3)).length).toBe(HEAD_BYTES);
    const near = Float64Array.from({ length: 1001 }, (_, i) => 2 ** 45 + 4096 * ((i * 97) % 251));
    expect(packed(near).length).toBe(HEAD_BYTES + 1000);
  });

  it.each([
    ['a byte too few', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['no head', (bytes: Uint8Array) => bytes.subarray(0, 10)],
    ['an unknown width', (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, i) => (i === 0 ? 7 : byte))],
    ['unknown flags', (bytes: Uint8Array) => Uint8Array.from(bytes, (byte, i) => (i === 1 ? 64 : byte))],
  ])('is refused with %s', (_what, damage) => {
    const bytes = packed(Uint32Array.of(1, 5, 2, 900));
    expect(() => unpacked(damage(bytes), new Uint32Array(4))).toThrow(/packed column/);
  });

  it('has a maker for each type of event column', () => {
    expect(new Set(Object.values(EVENT_COLUMNS))).toEqual(new Set(Object.keys(MAKE)));
  });
});
