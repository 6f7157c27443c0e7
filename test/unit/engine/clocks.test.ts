import { describe, expect, it } from 'vitest';
import { BrokenInvariant } from '../../../src-core/base/assert';
import { Clocks, MAX_TIME_PS } from '../../../src-core/sim/clock';
import { GPU0, asProcessor, CPU } from '../../../src-core/model/processor';

describe('Clocks', () => {
  it('go forward only, each for itself, until they meet', () => {
    const clocks = new Clocks(3);
    clocks.reach(GPU0, 100);
    clocks.reach(GPU0, 40);
    clocks.reach(asProcessor(2), 70);
    expect([clocks.now(CPU), clocks.now(GPU0), clocks.now(asProcessor(2)), clocks.latest()]).toEqual([0, 100, 70, 100]);
    expect(clocks.meet()).toBe(100);
    expect([clocks.now(CPU), clocks.now(GPU0), clocks.now(asProcessor(2))]).toEqual([100, 100, 100]);
  });

  it('refuse to go where picoseconds are no longer exact', () => {
    const clocks = new Clocks(1);
    clocks.reach(CPU, MAX_TIME_PS);
    expect(MAX_TIME_PS + 1 - 1).toBe(MAX_TIME_PS);
    expect(() => {
      clocks.reach(CPU, MAX_TIME_PS + 1);
    }).toThrow(BrokenInvariant);
  });
});
