/** Bytes that have to cross, from accesses that can be followed by hand. */
import { describe, expect, it } from 'vitest';
import { UnavoidableTraffic } from '../../../src-core/engine/unavoidable-traffic';
import {
  CPU,
  READ,
  READ_WRITE,
  WRITE,
  type AccessOp,
  asProcessor,
  GPU0,
  type ProcessorIndex,
} from '../../../src-core/model/processor';
import type { SpaceSpec } from '../../../src-core/model/space';

const GPU = GPU0;
const space = (initially: 'host' | 'unpopulated'): SpaceSpec => ({
  regions: [{ address: 0, offset: 0, bytes: 2 ** 21 }],
  objects: [{ name: 'a', address: 0, bytes: 2 ** 20, offset: 0, elementBytes: 8, layout: 'array', initially }],
  bytes: 2 ** 21,
});

/** Who, what, from, to. */
type Access = readonly [processor: number, op: AccessOp, from: number, to: number];

function after(accesses: readonly Access[], initially: 'host' | 'unpopulated' = 'unpopulated'): UnavoidableTraffic {
  const traffic = new UnavoidableTraffic(space(initially));
  for (const [processor, op, from, to] of accesses)
    traffic.accessed(0, asProcessor(processor), op, from, to - from, 1, to - from);
  return traffic;
}
const sums = (traffic: UnavoidableTraffic): readonly number[] => [
  traffic.toDevice.total,
  traffic.toHost.total,
  traffic.peerBytes,
];

describe('a byte crosses', () => {
  it('once per write and reader', () => {
    expect(
      sums(
        after([
          [CPU, WRITE, 0, 800],
          [GPU, READ, 0, 800],
          [GPU, READ, 0, 800],
        ]),
      ),
    ).toEqual([800, 0, 0]);
    const rewritten: Access[] = [
      [CPU, WRITE, 0, 800],
      [GPU, READ, 0, 800],
      [CPU, WRITE, 0, 8],
      [GPU, READ, 0, 800],
    ];
    expect(sums(after(rewritten))).toEqual([808, 0, 0]);
  });

  it('both ways, where one side reads what the other changes', () => {
    expect(
      sums(
        after([
          [CPU, WRITE, 0, 100],
          [GPU, READ_WRITE, 0, 100],
          [CPU, READ, 50, 100],
        ]),
      ),
    ).toEqual([100, 50, 0]);
  });

  it('not for bytes that are overwritten unread, were never written, or were written by their reader', () => {
    expect(
      sums(
        after([
          [CPU, WRITE, 0, 9000],
          [GPU, WRITE, 0, 9000],
          [GPU, READ, 0, 9000],
        ]),
      ),
    ).toEqual([0, 0, 0]);
    expect(
      sums(
        after([
          [CPU, READ, 0, 9000],
          [GPU, READ, 0, 9000],
        ]),
      ),
    ).toEqual([0, 0, 0]);
  });

  it('from memory that the host had at the start', () => {
    expect(sums(after([[GPU, READ, 4000, 9000]], 'host'))).toEqual([5000, 0, 0]);
  });

  it('only as far as it is read', () => {
    const traffic = after([[CPU, WRITE, 0, 20_000]]);
    traffic.accessed(0, GPU, READ, 4, 1000, 20, 8); // 8 bytes of every 1,000
    expect(sums(traffic)).toEqual([160, 0, 0]);
  });

  it('between devices on a way of its own, once a device has it', () => {
    expect(
      sums(
        after([
          [GPU, WRITE, 0, 64],
          [2, READ, 0, 64],
        ]),
      ),
    ).toEqual([0, 0, 64]);
    expect(
      sums(
        after([
          [CPU, WRITE, 0, 64],
          [GPU, READ, 0, 64],
          [2, READ, 0, 64],
        ]),
      ),
    ).toEqual([64, 0, 64]);
  });
});

describe('steps that run at the same time', () => {
  const together = (accesses: readonly Access[]): readonly number[] => {
    const traffic = after([[CPU, WRITE, 0, 100]]);
    traffic.setConcurrent(true, 0);
    for (const [processor, op, from, to] of accesses)
      traffic.accessed(0, asProcessor(processor), op, from, to - from, 1, to - from);
    traffic.setConcurrent(false, 0);
    return sums(traffic);
  };

  it('bring over what was there before', () => {
    expect(together([[GPU, READ, 0, 100]])).toEqual([100, 0, 0]);
  });

  it('need not bring what one of them writes: the reader may have come later', () => {
    expect(
      together([
        [GPU, READ, 0, 100],
        [GPU, WRITE, 20, 100],
      ]),
    ).toEqual([20, 0, 0]);
    expect(
      together([
        [CPU, WRITE, 0, 100],
        [GPU, READ, 0, 100],
      ]),
    ).toEqual([0, 0, 0]);
  });
});

it('equals a map of single bytes on random accesses', () => {
  let state = 12345;
  const below = (n: number): ProcessorIndex => asProcessor((state = (state * 1103515245 + 12345) % 2 ** 31) % n);
  const traffic = new UnavoidableTraffic(space('unpopulated'));
  const has = new Map<number, Set<number>>();
  const expected = { toDevice: 0, toHost: 0 };
  for (let i = 0; i < 3000; i++) {
    const processor = below(2);
    const op = below(2) === 0 ? READ : WRITE;
    const from = below(12_000);
    const bytes = 1 + below(below(4) === 0 ? 6000 : 40);
    traffic.accessed(i, processor, op, from, bytes, 1, bytes);
    for (let byte = from; byte < from + bytes; byte++) {
      const owners = has.get(byte);
      if (op === WRITE) has.set(byte, new Set([processor]));
      else if (owners && !owners.has(processor)) {
        owners.add(processor);
        expected[processor === CPU ? 'toHost' : 'toDevice']++;
      }
    }
  }
  expect({ toDevice: traffic.toDevice.total, toHost: traffic.toHost.total }).toEqual(expected);
  expect(expected.toDevice).toBeGreaterThan(10_000);
});
