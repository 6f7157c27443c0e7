import { describe, expect, it } from 'vitest';
import { countAlike, createByteColumn, hasAny, rewrite, viewColumn } from '../../../src-core/base/byte-column';
import { randomStream } from '../../../src-core/base/random';

describe('a column of bytes', () => {
  it('is rewritten in runs as byte by byte, and no other byte changes', () => {
    const stream = randomStream(1, 'byte-column');
    const column = createByteColumn(61);
    const plain = new Uint8Array(61);
    for (let round = 0; round < 500; round++) {
      const first = stream.below(61);
      const count = stream.below(62 - first);
      const [kept, set] = [~stream.below(256), stream.below(256)];
      rewrite(column, first, count, kept, set);
      for (let i = first; i < first + count; i++) plain[i] = (plain[i]! & kept) | set;
      expect([...column.bytes]).toEqual([...plain]);
    }
  });

  it('says whether a run has any of some bits', () => {
    const column = createByteColumn(64);
    column.bytes[35] = 0b1001;
    expect(hasAny(column, 32, 32, 0b1000)).toBe(true);
    expect(hasAny(column, 32, 32, 0b0110)).toBe(false);
    expect(hasAny(column, 0, 32, 0xff)).toBe(false);
    expect(hasAny(column, 36, 28, 0xff)).toBe(false);
  });

  it('counts the bytes that are alike from a place on, wherever the bytes begin in their buffer', () => {
    const stream = randomStream(2, 'byte-column');
    for (const offset of [0, 1, 4]) {
      const column = viewColumn(new Uint8Array(new ArrayBuffer(100 + offset), offset, 97));
      for (let round = 0; round < 500; round++) {
        column.bytes.fill(0b101);
        const other = stream.below(97);
        column.bytes[other] = 0b100;
        const first = stream.below(97);
        const count = stream.below(98 - first);
        const expected = other >= first && other < first + count ? other - first : count;
        expect(countAlike(column, first, count, 0b011, 0b001), `${other} in ${first} + ${count}`).toBe(expected);
        expect(countAlike(column, first, count, 0b110, 0b100)).toBe(count);
        column.bytes[other] = 0b1000_0101; // the highest bit of a byte, and so of every fourth word
        expect(countAlike(column, first, count, 0b1000_0001, 0b001)).toBe(expected);
      }
    }
  });
});
