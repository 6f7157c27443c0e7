import { describe, expect, it } from 'vitest';
import { bytes, MIB } from '../../../src-core/base/units';
import { Tlb } from '../../../src-core/hardware/tlb';

const said = <T>(value: T) => ({ value, source: 'test', grade: 'assumed' }) as const;
const tlbOf = (reachBlocks: number, blocks: number): Tlb =>
  new Tlb({ tlbReach: said(bytes(reachBlocks * 2 * MIB)) }, blocks);
const missesOf = (tlb: Tlb, sequence: readonly number[]): number =>
  sequence.filter((block) => tlb.misses(block)).length;
const passes = (blocks: number, times: number): number[] =>
  Array.from({ length: blocks * times }, (_, i) => i % blocks);

describe('Tlb', () => {
  it('walks once per block that fits, however often it is passed', () => {
    expect(missesOf(tlbOf(4, 16), passes(4, 10))).toBe(4);
  });

  it('walks at every block of a pass over one block more than the reach', () => {
    expect(missesOf(tlbOf(4, 16), passes(5, 10))).toBe(50);
  });

  it('drops the block that came in first', () => {
    const tlb = tlbOf(3, 16);
    expect([0, 1, 2, 0, 3, 1, 0].map((block) => tlb.misses(block))).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(tlb.walks).toBe(5);
  });

  it('equals a list of the blocks in reach, on random blocks', () => {
    const tlb = tlbOf(7, 32);
    const inReach: number[] = [];
    let state = 1;
    for (let i = 0; i < 5000; i++) {
      state = (state * 48_271) % 2_147_483_647;
      const block = state % 20;
      const misses = !inReach.includes(block);
      if (misses) inReach.push(block);
      if (inReach.length > 7) inReach.shift();
      expect(tlb.misses(block), `access ${i}`).toBe(misses);
    }
  });

  it('refuses a reach of less than a block', () => {
    expect(() => tlbOf(0.5, 4)).toThrow('at least one block');
  });
});
