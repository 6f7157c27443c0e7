import { describe, expect, it } from 'vitest';
import { FaultBuffer, MAX_WAITING, WaitingAccesses } from '../../../src-core/engine/fault-buffer';

describe('FaultBuffer', () => {
  it('gives its faults sorted by granule, each with its cause, and is empty then', () => {
    const buffer = new FaultBuffer(4);
    buffer.add(9, 100, false, 0);
    buffer.add(3, 101, true, 0);
    buffer.add(7, 102, true, 0);
    const { granules, causes, count } = buffer.take();
    expect([[...granules], [...causes], count]).toEqual([[3, 7, 9], [101, 102, 100], 3]);
    expect(buffer.count).toBe(0);
    expect(buffer.take().count).toBe(0);
  });

  it('knows whether a batch is nothing but first touches, batch by batch', () => {
    const buffer = new FaultBuffer(2);
    expect(buffer.onlyFirstTouch).toBe(true);
    buffer.add(1, 0, true, 0);
    expect(buffer.onlyFirstTouch).toBe(true);
    buffer.add(2, 1, false, 0);
    expect(buffer.onlyFirstTouch).toBe(false);
    buffer.take();
    expect(buffer.onlyFirstTouch).toBe(true);
  });
});

describe('WaitingAccesses', () => {
  it('keeps groups of lanes apart and says when it is full', () => {
    const waiting = new WaitingAccesses();
    waiting.addLane(0, 10, 1, 8, 0, 5);
    waiting.addLane(1, 20, 2, 8, 1, 6);
    waiting.endGroup(2, 100, 1);
    waiting.addLane(0, 30, 3, 8, 2, 7);
    waiting.endGroup(1, 50, 300);
    expect([...waiting.laneOf.subarray(0, 3)]).toEqual([0, 2, 3]);
    expect([...waiting.address.subarray(0, 3)]).toEqual([10, 20, 30]);
    expect([waiting.iterations[1], waiting.attempts[1]]).toEqual([50, 255]);
    while (waiting.fits(1)) waiting.endGroup(1, 1, 0);
    expect(waiting.count).toBe(MAX_WAITING);
    waiting.clear();
    expect(waiting.fits(64)).toBe(true);
  });
});
