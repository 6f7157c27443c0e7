import { describe, expect, it } from 'vitest';
import { TRACKED } from '../../../src-core/contracts/accessed-memory';
import {
  ACCESS_MASKS,
  AccessTable,
  FRESH,
  localBits,
  permissionBits,
  remoteBits,
} from '../../../src-core/kit/access-table';
import { ATOMIC, CPU, READ, READ_WRITE, WRITE, GPU0, type ProcessorIndex } from '../../../src-core/model/processor';
import { asGranule } from '../../../src-core/base/indices';

const GPU = GPU0;

function tableWith(bits: number): AccessTable {
  const table = new AccessTable(2, 64);
  table.of(GPU)[5] = bits;
  return table;
}
const isHit = (byte: number, op: number): boolean => (byte & ACCESS_MASKS.mask[op]!) === ACCESS_MASKS.want[op]!;

describe('the access table', () => {
  it('permits writes, read-writes and atomics only with write permission', () => {
    const answers = (bits: number, over: 'isLocal' | 'isRemote'): boolean[] =>
      ([READ, WRITE, READ_WRITE, ATOMIC] as const).map((op) => tableWith(bits)[over](GPU, asGranule(5), op));
    expect(answers(localBits(false), 'isLocal')).toEqual([true, false, false, false]);
    expect(answers(localBits(true), 'isLocal')).toEqual([true, true, true, true]);
    expect(answers(localBits(true), 'isRemote')).toEqual([false, false, false, false]);
    expect(answers(remoteBits(false), 'isRemote')).toEqual([true, false, false, false]);
    expect(answers(remoteBits(true), 'isRemote')).toEqual([true, true, true, true]);
  });

  it('keeps the mappings of one processor apart from those of the others', () => {
    expect(tableWith(localBits(true)).isMapped(CPU, asGranule(5), READ)).toBe(false);
    expect(tableWith(localBits(true)).isMapped(GPU, asGranule(4), READ)).toBe(false);
    expect(tableWith(localBits(true)).isMapped(GPU, asGranule(5), READ)).toBe(true);
  });

  it('has a byte for each combination of permissions', () => {
    expect(permissionBits(true, true, true)).toBe(localBits(true));
    expect(permissionBits(true, false, true)).toBe(localBits(false));
    expect(permissionBits(true, true, false)).toBe(remoteBits(true));
    expect(permissionBits(false, false, true)).toBe(0);
  });

  it('treats a local access as a plain hit only without an observer', () => {
    const table = tableWith(localBits(true));
    const bytes = table.of(GPU);
    expect(isHit(bytes[5]!, WRITE)).toBe(true);
    table.setPending(GPU, asGranule(5), true);
    expect([
      isHit(bytes[5]!, WRITE),
      table.isPending(GPU, asGranule(5)),
      table.isLocal(GPU, asGranule(5), WRITE),
    ]).toEqual([false, true, true]);
    table.setPending(GPU, asGranule(5), false);
    expect(isHit(bytes[5]!, WRITE)).toBe(true);
    bytes[5] = bytes[5]! | FRESH;
    expect(isHit(bytes[5], WRITE)).toBe(false);
    expect(isHit(remoteBits(true), READ)).toBe(false);
  });

  it.each([1, 2, 7, 16])('follows the bytes of %i granules for every processor', (count) => {
    const table = tableWith(localBits(true));
    const followed = (processor: ProcessorIndex): number[] =>
      [...table.of(processor).keys()].filter((granule) => (table.of(processor)[granule]! & TRACKED) !== 0);
    const run = Array.from({ length: count }, (_, i) => 3 + i);
    table.track(asGranule(3), true, count);
    expect([followed(CPU), followed(GPU)]).toEqual([run, run]);
    expect(table.isLocal(GPU, asGranule(5), WRITE)).toBe(true);
    table.track(asGranule(3), false, count);
    expect([followed(CPU), followed(GPU)]).toEqual([[], []]);
  });
});
