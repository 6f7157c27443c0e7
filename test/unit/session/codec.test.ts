import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { Refusal } from '../../../src-core/model/refusal';
import { decodeMessage, encodeMessage } from '../../../src-core/protocol/codec';
import type { Message } from '../../../src-core/protocol/messages';

const response = (result: unknown): Message => ({ type: 'response', id: 7, ok: true, result });

describe('messages as bytes', () => {
  it('come back as they were, typed arrays included', () => {
    const message = response({
      text: 'grün ∞ 𝄞',
      values: Float64Array.of(0, -0, 1.5, NaN, Infinity, -1e308),
      nested: [{ raw: Uint8Array.of(1, 2, 3), empty: new Float64Array(0) }, null, true],
    });
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  it('come back whatever the lengths and wherever the bytes lie in a buffer', () => {
    const random = randomStream(1, 'codec');
    for (let round = 0; round < 200; round++) {
      const message = response({
        pad: 'x'.repeat(random.below(20)),
        a: Uint8Array.from({ length: random.below(30) }, () => random.below(256)),
        b: Float64Array.from({ length: random.below(30) }, () => random.unit()),
        c: Uint8Array.from({ length: random.below(9) }, () => random.below(256)),
      });
      const bytes = encodeMessage(message);
      const shift = random.below(9);
      const moved = new Uint8Array(bytes.length + 16);
      moved.set(bytes, shift);
      expect(decodeMessage(moved.subarray(shift, shift + bytes.length)), `round ${round}`).toEqual(message);
    }
  });

  it('takes a window of a larger array, not the array', () => {
    const large = Float64Array.of(1, 2, 3, 4, 5);
    expect(decodeMessage(encodeMessage(response(large.subarray(1, 3))))).toEqual(response(Float64Array.of(2, 3)));
  });

  it('does not mistake data that looks like a reference for one that leads outside', () => {
    const bytes = encodeMessage(response({ $array: 'f64', at: 0, length: 1000 }));
    expect(() => decodeMessage(bytes)).toThrow(Refusal);
  });

  it('refuses whatever is cut or damaged, and crashes on nothing', () => {
    const bytes = encodeMessage(response({ values: Float64Array.of(1, 2, 3), text: 'abc' }));
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeMessage(bytes.slice(0, length)), `${length} bytes`).toThrow(Refusal);
    const random = randomStream(2, 'damage');
    let refused = 0;
    for (let round = 0; round < 500; round++) {
      const damaged = bytes.slice();
      damaged[random.below(damaged.length)] = random.below(256);
      try {
        decodeMessage(damaged);
      } catch (cause) {
        expect(cause).toBeInstanceOf(Refusal);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});
