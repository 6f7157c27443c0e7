import { describe, expect, it } from 'vitest';
import { BrokenInvariant } from '../../../src-core/base/assert';
import { Clocks, MAX_TIME_PS } from '../../../src-core/sim/clock';

describe('Clocks', () => {
  it('go forward only, each for itself, until they meet', () => {
    const clocks = new Clocks(3);
    clocks.reach(1, 100);
    clocks.reach(1, 40);
    clocks.reach(2, 70);
    expect([clocks.now(0), clocks.now(1), clocks.now(2), clocks.latest()]).toEqual([0, 100, 70, 100]);
    expect(clocks.meet()).toBe(100);
    expect([clocks.now(0), clocks.now(1), clocks.now(2)]).toEqual([100, 100, 100]);
  });

  it('refuse to go where picoseconds are no longer exact', () => {
    const clocks = new Clocks(1);
    clocks.reach(0, MAX_TIME_PS);
    expect(MAX_TIME_PS + 1 - 1).toBe(MAX_TIME_PS);
    expect(() => {
      clocks.reach(0, MAX_TIME_PS + 1);
    }).toThrow(BrokenInvariant);
  });
});
