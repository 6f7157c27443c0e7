import { describe, expect, it } from 'vitest';
import { bytes, bytesPerSecond, MIB, picoseconds } from '../../../src-core/base/units';
import { AccessDelay, looksOf, remoteRate } from '../../../src-core/hardware/access-delay';
import type { GpuSpec, MachineTiming } from '../../../src-core/model/machine';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';

const said = <T>(value: T) => ({ value, source: 'test', grade: 'assumed' }) as const;
const timing: MachineTiming = { ...pcie4x16g.timing!, remoteBandwidth: said(bytesPerSecond(20e9)) };
const deep = (inFlight: number): MachineTiming => ({
  ...timing,
  remote: { latency: said(picoseconds(1_280_000)), inFlight: said(inFlight), requestBytes: said(bytes(128)) },
});
const gpu: GpuSpec = {
  smCount: said(2),
  warpsPerSm: said(5),
  threadsPerWarp: said(32),
  smsPerUtlb: said(2),
  faultsPerUtlb: said(56),
  faultBufferEntries: said(56),
  tlbReach: said(bytes(4 * MIB)),
  pageWalk: said(picoseconds(300_000)),
  pageWalkHuge: said(picoseconds(200_000)),
  memoryLatency: said(picoseconds(400_000)),
};

describe('remoteRate', () => {
  it('is the bandwidth by default', () => {
    expect(remoteRate(timing)).toBe(20e9);
  });
  it('is what the requests in flight carry, until that reaches the bandwidth', () => {
    expect(remoteRate(deep(1))).toBe(1e8); // 128 B per 1.28 µs
    expect(remoteRate(deep(100))).toBe(1e10);
    expect(remoteRate(deep(200))).toBe(20e9);
    expect(remoteRate(deep(100_000))).toBe(20e9);
  });
});

describe('AccessDelay', () => {
  const made = (isHuge = false): AccessDelay => new AccessDelay(gpu, deep(100), 16, isHuge);

  it('hides walks of independent accesses behind their bytes and in the groups in flight', () => {
    const delay = made();
    for (let block = 0; block < 10; block++) delay.access(block, 100, true, false);
    expect(delay.with(0)).toBe((10 * 300_000) / 10);
    expect(delay.with(1_000_000)).toBe(1_000_000);
  });

  it('lets one independent hit in sixteen stand for all, and looks at each of a chain', () => {
    const looked = (dependent: boolean): number =>
      Array.from({ length: 160 }, (_, i) => i).filter((i) => {
        const looks = looksOf(made(), dependent);
        return (i & looks) === looks;
      }).length;
    expect([looked(false), looked(true)]).toEqual([10, 160]);
    expect(looksOf(null, true)).toBe(-1);
    const delay = made();
    for (let block = 0; block < 10; block++) delay.point(block, false);
    expect(delay.with(0)).toBe((16 * 10 * 300_000) / 10);
    const chain = made();
    chain.point(4, true);
    expect(chain.with(0)).toBe(400_000 + 300_000);
  });

  it('makes each access of a chain wait for its latency, and for its walk', () => {
    const delay = made();
    delay.access(0, 3, true, true);
    expect(delay.with(7)).toBe(7 + 3 * 400_000 + 300_000);
    delay.access(0, 1, true, true); // in reach now
    expect(delay.with(7)).toBe(7 + 4 * 400_000 + 300_000);
    delay.access(0, 2, false, true);
    expect(delay.with(7)).toBe(7 + 4 * 400_000 + 300_000 + 2 * 1_280_000);
    delay.settle();
    expect(delay.with(7)).toBe(7);
  });

  it('walks one level fewer to pages of 2 MiB', () => {
    const delay = made(true);
    delay.access(3, 1, true, true);
    expect(delay.with(0)).toBe(400_000 + 200_000);
  });

  it('of a CPU has remote latency only', () => {
    const delay = new AccessDelay(null, deep(100), 16, false);
    delay.access(1, 5, true, true);
    expect(delay.with(9)).toBe(9);
    delay.access(1, 5, false, true);
    expect(delay.with(9)).toBe(9 + 5 * 1_280_000);
  });
});
