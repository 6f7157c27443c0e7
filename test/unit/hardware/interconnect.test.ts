import { describe, expect, it } from 'vitest';
import { bytesPerSecond, GIB, MIB } from '../../../src-core/base/units';
import { Interconnect } from '../../../src-core/hardware/interconnect';
import { Link } from '../../../src-core/hardware/link';
import type { LinkSpec, MachineTiming } from '../../../src-core/model/machine';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { CPU, GPU0, asProcessor } from '../../../src-core/model/processor';

const said = <T>(value: T) => ({ value, source: 'test', grade: 'assumed' }) as const;
const hostOnly = pcie4x16g.timing!;
const peerLink: LinkSpec = {
  asymptote: said(bytesPerSecond(50 * GIB)),
  kneePerKib: said(0.07292),
  duplex: said(true),
};
const withPeers: MachineTiming = { ...hostOnly, peerLink };

describe('Interconnect', () => {
  it('is the host link to and from the host', () => {
    const alone = new Link(hostOnly.link);
    const all = new Interconnect(withPeers, 4);
    expect(all.transfer(CPU, GPU0, 0, MIB)).toBe(alone.transfer(0, 0, MIB));
    expect(all.transfer(GPU0, CPU, 0, MIB)).toBe(alone.transfer(1, 0, MIB));
    expect(all.transfer(CPU, asProcessor(2), 0, MIB)).toBe(alone.transfer(0, 0, MIB));
    expect(all.startedPs).toBe(alone.startedPs);
  });

  it('carries peer copies towards the device on the host link where there is no other', () => {
    const all = new Interconnect(hostOnly, 4);
    const one = all.transfer(CPU, GPU0, 0, MIB);
    expect(all.transfer(asProcessor(2), GPU0, 0, MIB)).toBe(2 * one);
    expect(all.transfer(GPU0, asProcessor(2), 0, MIB)).toBe(3 * one);
  });

  it('gives each pair of devices a link of its own, with two directions', () => {
    const all = new Interconnect(withPeers, 4);
    const one = new Link(peerLink).durationPs(MIB);
    all.transfer(CPU, GPU0, 0, 64 * MIB);
    expect(all.transfer(GPU0, asProcessor(2), 0, MIB)).toBe(one);
    expect(all.transfer(asProcessor(2), GPU0, 0, MIB)).toBe(one);
    expect(all.transfer(GPU0, asProcessor(3), 0, MIB)).toBe(one);
    expect(all.transfer(GPU0, asProcessor(2), 0, MIB)).toBe(2 * one);
    expect(all.startedPs).toBe(one);
    expect(all.durationPs(asProcessor(2), GPU0, MIB)).toBe(one);
  });
});
