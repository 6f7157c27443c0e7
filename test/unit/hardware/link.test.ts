import { describe, expect, it } from 'vitest';
import { bytesPerSecond, GIB, KIB, MIB, picoseconds } from '../../../src-core/base/units';
import { Link } from '../../../src-core/hardware/link';
import type { LinkSpec } from '../../../src-core/model/machine';

const said = <T>(value: T) => ({ value, source: 'test', grade: 'assumed' }) as const;
const spec = (gibPerSecond: number, duplex = true): LinkSpec => ({
  asymptote: said(bytesPerSecond(gibPerSecond * GIB)),
  kneePerKib: said(0.07292),
  duplex: said(duplex),
});

/** Published points of UVMSmart's PCIe 3 x16 curve (docs/validation.md, row V8), size in KiB → GiB/s. */
const PUBLISHED: readonly (readonly [number, number])[] = [
  [4, 2.17],
  [8, 4.03],
  [16, 6.59],
  [32, 8.91],
  [64, 10.39],
  [128, 11.18],
  [256, 11.59],
  [512, 11.8],
  [1024, 11.9],
];

describe('Link rate', () => {
  it.each(PUBLISHED)('%i KiB over PCIe 3 x16 gives the published %f GiB/s', (kib, expected) => {
    const rate = new Link(spec(12)).rate(kib * KIB) / GIB;
    expect(Math.abs(rate / expected - 1)).toBeLessThan(0.01);
  });

  it('twice the asymptote is twice the rate at every size', () => {
    for (const [kib] of PUBLISHED)
      expect(new Link(spec(24)).rate(kib * KIB)).toBeCloseTo(2 * new Link(spec(12)).rate(kib * KIB), 3);
  });

  it('refuses an empty transfer as a bug of the caller', () => {
    expect(() => new Link(spec(12)).rate(0)).toThrow('at least one byte');
  });
});

describe('Link transfer', () => {
  it('arrives exactly duration ps after the start: usable at t, not at t − 1 ps', () => {
    const link = new Link(spec(12));
    const exact = (4096 / link.rate(4096)) * 1e12;
    const end = link.transfer(0, 1_000, 4096);
    expect(end - 1_000).toBe(Math.ceil(exact));
    expect(end - 1_000).toBeGreaterThanOrEqual(exact);
    expect(end - 1_001).toBeLessThan(exact);
    expect(Number.isInteger(end)).toBe(true);
  });

  it('a 2 MiB chunk at 12 GiB/s needs about 163 µs', () => {
    expect(new Link(spec(12)).durationPs(2 * MIB) / 1e6).toBeGreaterThan(162.7);
    expect(new Link(spec(12)).durationPs(2 * MIB) / 1e6).toBeLessThan(165);
  });

  it('queues behind the transfer before it in the same direction, and only as long as that lasts', () => {
    const link = new Link(spec(12));
    const one = link.durationPs(65536);
    expect(link.transfer(0, 0, 65536)).toBe(one);
    expect(link.transfer(0, 10, 65536)).toBe(2 * one);
    expect(link.transfer(0, 2 * one, 65536)).toBe(3 * one);
    expect(link.transfer(0, 3 * one + 7, 65536)).toBe(4 * one + 7);
  });

  it('duplex: the other direction does not wait', () => {
    const link = new Link(spec(12));
    const one = link.transfer(0, 0, 65536);
    expect(link.transfer(1, 0, 65536)).toBe(one);
  });

  it('half duplex: both directions share one queue', () => {
    const link = new Link(spec(12, false));
    const one = link.transfer(0, 0, 65536);
    expect(link.transfer(1, 0, 65536)).toBe(2 * one);
    expect(link.transfer(0, 0, 65536)).toBe(3 * one);
  });

  it('a link without limit never delays a transfer, whatever was served before', () => {
    const link = new Link(spec(Infinity));
    expect(link.transfer(0, 5_000, 65536)).toBe(5_000);
    expect(link.transfer(0, 100, 65536)).toBe(100);
    expect(link.startedPs).toBe(100);
  });

  it('gives the same duration whether it is remembered or not', () => {
    const warm = new Link(spec(12));
    for (let size = 1; size <= 5000; size++) warm.durationPs(size);
    for (const size of [1, 4096, 4097, 5000]) expect(warm.durationPs(size)).toBe(new Link(spec(12)).durationPs(size));
  });

  it('refuses instants that are not whole picoseconds, and time beyond exactness', () => {
    const link = new Link(spec(12));
    expect(() => link.transfer(0, 0.5, 4096)).toThrow('whole picoseconds');
    expect(() => link.transfer(0, -1, 4096)).toThrow('whole picoseconds');
    expect(() => link.transfer(0, Number.MAX_SAFE_INTEGER, 4096)).toThrow('2 h 30 min');
  });
});

describe('Link with latency, several engines, two rates', () => {
  it('adds the latency to each arrival, once: transfers behind one another overlap it', () => {
    const latency = said(picoseconds(700_000));
    const link = new Link({ ...spec(12), latency });
    const one = link.durationPs(65536);
    expect(link.transfer(0, 0, 65536)).toBe(one + 700_000);
    expect(link.startedPs).toBe(0);
    expect(link.transfer(0, 0, 65536)).toBe(2 * one + 700_000);
    expect(link.startedPs).toBe(one);
  });

  it('engines overlap the cost per transfer, and the third of two waits for the first', () => {
    const link = new Link({ ...spec(12), copyEnginesPerDirection: said(2) });
    const one = link.durationPs(4096);
    expect(link.transfer(0, 0, 4096)).toBe(one);
    expect(link.transfer(0, 0, 4096)).toBe(one);
    expect(link.transfer(0, 0, 4096)).toBe(2 * one);
    expect(link.startedPs).toBe(one);
  });

  it.each([1, 2, 8])('with %i engines saturates at its rated rate, not above', (engines) => {
    const link = new Link({ ...spec(12), copyEnginesPerDirection: said(engines) });
    let end = 0;
    for (let i = 0; i < 512; i++) end = Math.max(end, link.transfer(0, 0, 2 * MIB));
    const rate = (512 * 2 * MIB) / (end / 1e12) / GIB;
    expect(rate).toBeLessThanOrEqual(12);
    expect(rate).toBeGreaterThan(12 * 0.99);
  });

  it('one engine leaves a share of the wire idle on small pages, eight fill it', () => {
    const rateOf = (engines: number): number => {
      const link = new Link({ ...spec(12), copyEnginesPerDirection: said(engines) });
      let end = 0;
      for (let i = 0; i < 1024; i++) end = Math.max(end, link.transfer(0, 0, 4096));
      return (1024 * 4096) / (end / 1e12) / GIB;
    };
    expect(rateOf(1) / 2.17).toBeCloseTo(1, 2);
    expect(rateOf(2) / (2 * 2.17)).toBeCloseTo(1, 2);
    expect(rateOf(8)).toBeLessThanOrEqual(12);
    expect(rateOf(8)).toBeGreaterThan(11.9);
  });

  it('a rate of its own towards the host', () => {
    const link = new Link({ ...spec(12), asymptoteToHost: said(bytesPerSecond(6 * GIB)) });
    const towardsDevice = link.transfer(0, 0, MIB);
    const towardsHost = link.transfer(1, 0, MIB);
    expect(towardsHost / towardsDevice).toBeCloseTo(2, 6);
    expect(link.durationPs(MIB, 1)).toBe(towardsHost);
  });
});
