import { describe, expect, it } from 'vitest';
import { bytes, bytesPerSecond, picoseconds } from '../../../src-core/base/units';
import { remoteRate } from '../../../src-core/hardware/remote';
import type { MachineTiming } from '../../../src-core/model/machine';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';

const said = <T>(value: T) => ({ value, source: 'test', grade: 'assumed' }) as const;
const timing: MachineTiming = { ...pcie4x16g.timing!, remoteBandwidth: said(bytesPerSecond(20e9)) };
const deep = (inFlight: number): MachineTiming => ({
  ...timing,
  remote: { latency: said(picoseconds(1_280_000)), inFlight: said(inFlight), requestBytes: said(bytes(128)) },
});

describe('remoteRate', () => {
  it('is the bandwidth where nothing else is said', () => {
    expect(remoteRate(timing)).toBe(20e9);
  });
  it('is what the requests in flight carry, until that reaches the bandwidth', () => {
    expect(remoteRate(deep(1))).toBe(1e8); // 128 B per 1.28 µs
    expect(remoteRate(deep(100))).toBe(1e10);
    expect(remoteRate(deep(200))).toBe(20e9);
    expect(remoteRate(deep(100_000))).toBe(20e9);
  });
});
