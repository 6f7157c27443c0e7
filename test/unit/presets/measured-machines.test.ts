/**
 * Presets that are fitted to measurements, against those measurements. Figures stand here and in the sources of the
 * constants only; the engine never reads them.
 */
import { describe, expect, it } from 'vitest';
import { GIB, KIB, MIB } from '../../../src-core/base/units';
import { Link } from '../../../src-core/hardware/link';
import type { DriverCosts, LinkSpec, MachineTiming } from '../../../src-core/model/machine';
import { a100Pcie } from '../../../src-core/presets/machines/a100-pcie';
import { gtx1080Ti } from '../../../src-core/presets/machines/gtx-1080-ti';
import { mi300a } from '../../../src-core/presets/machines/mi300a';
import { titanV } from '../../../src-core/presets/machines/titan-v';
import { v100Power9 } from '../../../src-core/presets/machines/v100-power9';
import { kneeOfSameCost } from '../../../src-core/presets/parts/size-curve';

/** KiB → microseconds, medians of nvprof's "Unified Memory Memcpy HtoD". */
const GTX_1080_TI = [
  [4, 1.76],
  [60, 5.86],
  [64, 6.08],
  [124, 11.22],
  [252, 21.76],
  [508, 43.25],
  [1020, 86.38],
] as const;
const V100_POWER9 = [
  [64, 3.52],
  [128, 4.64],
  [192, 5.6],
  [256, 6.61],
  [320, 7.5],
  [384, 8.48],
  [448, 9.54],
  [704, 13.3],
  [832, 15.14],
  [896, 16.26],
  [960, 17.06],
] as const;
const V100_POWER9_TO_HOST = [
  [64, 3.36],
  [192, 5.34],
  [448, 9.09],
  [960, 16.74],
] as const;

const us = (ps: number): number => ps / 1e6;
const timingOf = (machine: { timing: MachineTiming | null }): MachineTiming => machine.timing!;

/** Largest distance of the link's transfers from the figures, as a share of them. */
function errorOf(spec: LinkSpec, figures: readonly (readonly [number, number])[], direction: 0 | 1 = 0): number {
  const link = new Link(spec);
  return Math.max(...figures.map(([kib, took]) => Math.abs(us(link.durationPs(kib * KIB, direction)) / took - 1)));
}

describe('size curves', () => {
  it('GTX 1080 Ti: within the error that the preset states, which is not larger than it has to be', () => {
    const { link } = timingOf(gtx1080Ti);
    const error = errorOf(link, GTX_1080_TI);
    expect(error).toBeLessThanOrEqual(link.curveError!.value);
    expect(error).toBeGreaterThan(0.5 * link.curveError!.value);
  });

  it('V100 on POWER9: both directions within the error that the preset states', () => {
    const { link } = timingOf(v100Power9);
    expect(errorOf(link, V100_POWER9)).toBeLessThanOrEqual(link.curveError!.value);
    expect(errorOf(link, V100_POWER9_TO_HOST, 1)).toBeLessThanOrEqual(link.curveError!.value);
  });

  it('where only the rate is known, a transfer costs beside its bytes what it does on the GTX 1080 Ti', () => {
    const beside = ({ asymptote, kneePerKib }: LinkSpec, bytes: number): number =>
      us(new Link({ asymptote, kneePerKib, duplex: timingOf(a100Pcie).link.duplex }).durationPs(bytes)) -
      (bytes / asymptote.value) * 1e6;
    const known = beside(timingOf(gtx1080Ti).link, 64 * MIB);
    expect(known).toBeCloseTo(0.688, 2);
    for (const rate of [13e9, 52e9, 375e9]) {
      const link = { ...timingOf(a100Pcie).link, kneePerKib: kneeOfSameCost(rate) };
      const asymptote = { ...link.asymptote, value: rate as typeof link.asymptote.value };
      expect(beside({ ...link, asymptote }, 64 * MIB) / known).toBeCloseTo(1, 1);
    }
  });
});

/** A fault alone that brings in `pages`: the faulted page, then the rest, copies behind the work before them. */
function singleFault(machine: { timing: MachineTiming | null }, pages: number, isFirstOfBlock: boolean): number {
  const { driver, link } = timingOf(machine) as { driver: DriverCosts; link: LinkSpec };
  const cost = (name: keyof DriverCosts): number => driver[name].value;
  const wire = new Link(link);
  let now = cost('interrupt') + cost('fetchPerEntry') + cost('preprocessPerEntry') + cost('perBlock');
  now += pages * cost('perPageUnmap') + cost('tlbShootdown') + cost('dmaSetup');
  if (isFirstOfBlock) now += cost('populatePerChunk') + 512 * cost('dmaMapPerPage');
  wire.transfer(0, Math.round(now), 4096);
  return us(wire.transfer(0, Math.round(now + cost('dmaSetup')), (pages - 1) * 4096));
}

describe('GTX 1080 Ti, one fault at a time', () => {
  it.each([
    [16, 21.7, 25.7],
    [32, 30.3, 34.3],
    [64, 48, 54.8],
    [128, 82.4, 96.4],
    [256, 154.4, 158.9],
  ])('%i pages take as long as in the logs, 15 %% aside', (pages, least, most) => {
    const took = singleFault(gtx1080Ti, pages, false);
    expect(took).toBeGreaterThan(0.85 * least);
    expect(took).toBeLessThan(1.15 * most);
  });

  it('a block that comes in by six faults takes 398 to 403 µs', () => {
    const faults = [16, 16, 32, 64, 128, 256].map((pages, k) => singleFault(gtx1080Ti, pages, k === 0));
    const total = faults.reduce((sum, took) => sum + took, 0);
    expect(total).toBeGreaterThan(0.95 * 398);
    expect(total).toBeLessThan(1.05 * 403);
  });
});

describe('Titan V, batches of sgemm (its calibration)', () => {
  const { driver, link } = timingOf(titanV) as { driver: DriverCosts; link: LinkSpec };
  const cost = (name: keyof DriverCosts): number => us(driver[name].value);
  /** 256 entries of which `pages` are different pages, 28 in a block, each a copy of its own; the thread is the longer part. */
  const batch = (pages: number): number =>
    cost('interrupt') +
    256 * (cost('fetchPerEntry') + cost('preprocessPerEntry')) +
    cost('replay') +
    pages * (cost('perPageUnmap') + cost('dmaMapPerPage') + cost('ptePerUpdate')) +
    pages * cost('dmaSetup') +
    (pages / 28) * (cost('perBlock') + cost('tlbShootdown'));
  const page = us(new Link(link).durationPs(4096));

  it.each([100, 200, 400, 780])('%i KB take 40 µs + 1.25 µs/KB within 1 %%', (kb) => {
    expect(Math.abs(batch(kb / 4) / (40 + 1.25 * kb) - 1)).toBeLessThan(0.01);
  });

  it('the transfer is less than a quarter of the batch, and hides behind the driver', () => {
    for (const pages of [25, 100, 195]) expect((pages * page) / batch(pages)).toBeLessThan(0.25);
  });

  it('an eviction adds 180 µs, so that four add 11 % more than the second figure has', () => {
    const eviction =
      cost('evictionPerBlock') + cost('tlbShootdown') + cost('dmaSetup') + us(new Link(link).durationPs(2 * MIB, 1));
    expect(eviction).toBeGreaterThan(178);
    expect(eviction).toBeLessThan(183);
    expect((batch(50) + 4 * eviction) / 910).toBeCloseTo(1.11, 1);
  });
});

it('MI300A: a minor fault alone takes 16 µs, a major one 18; 9.0 M and 1.1 M pages/s in bulk', () => {
  const { driver } = timingOf(mi300a) as { driver: DriverCosts };
  const cost = (name: keyof DriverCosts): number => us(driver[name].value);
  const fault = (pages: number): number =>
    cost('interrupt') +
    cost('fetchPerEntry') +
    cost('preprocessPerEntry') +
    cost('perBlock') +
    cost('replay') +
    pages * cost('ptePerUpdate');
  const zeroed = (pages: number): number => (pages * 4096 * 1e6) / driver.zeroing.value;
  expect(fault(1)).toBeCloseTo(16, 1);
  expect(fault(1) + cost('populatePerChunk')).toBeCloseTo(18, 1);
  expect(512 / fault(512)).toBeCloseTo(9.0, 0);
  expect(512 / (fault(512) + zeroed(512))).toBeCloseTo(1.1, 1);
  expect(timingOf(mi300a).deviceBandwidth.value / GIB).toBeCloseTo(3023, 6);
});
