/** The pure decisions of KFD SVM. Devices 1 and 2 are gpu0 and gpu1; 0 is the CPU. */
import { describe, expect, it } from 'vitest';
import {
  accessOf,
  bitOf,
  devicesToMap,
  UNDEFINED,
  type SvmAttributes,
} from '../../../../src-core/systems/amd-svm/decisions/attributes';
import { alignedPiece, maxRangePages, rangeBorders } from '../../../../src-core/systems/amd-svm/decisions/ranges';
import {
  bestPrefetchLocation,
  bestRestoreLocation,
  NO_ACCESS,
} from '../../../../src-core/systems/amd-svm/decisions/residency';
import { asProcessor, CPU, GPU0, type ProcessorIndex } from '../../../../src-core/model/processor';

const apart = (a: number, b: number): boolean => a === b;
const hive = (): boolean => true;
const attributes = (changes: Partial<SvmAttributes> = {}): SvmAttributes => ({
  preferred: UNDEFINED,
  prefetch: UNDEFINED,
  granularity: 9,
  access: bitOf(GPU0) | bitOf(asProcessor(2)),
  inPlace: 0,
  alwaysMapped: false,
  readMostly: false,
  ...changes,
});

describe('where a fault of gpu0 restores a range', () => {
  const cases: readonly (readonly [string, Partial<SvmAttributes>, number, typeof apart, number])[] = [
    ['access: to the device that faults', {}, 0, apart, 1],
    ['access: also from another device', {}, 2, apart, 1],
    ['preferred there', { preferred: GPU0, access: 0 }, 0, apart, 1],
    ['preferred in host memory, whatever the access', { preferred: CPU }, 1, apart, 0],
    ['preferred on a device of the hive', { preferred: asProcessor(2) }, 0, hive, 2],
    ['preferred on a device that cannot be reached: as by access', { preferred: asProcessor(2) }, 0, apart, 1],
    ['in place: stays in host memory', { access: 0, inPlace: bitOf(GPU0) }, 0, apart, 0],
    ['in place: stays on a device of the hive', { access: 0, inPlace: bitOf(GPU0) }, 2, hive, 2],
    ['in place: comes home from a device out of reach', { access: 0, inPlace: bitOf(GPU0) }, 2, apart, 0],
    ['no access', { access: bitOf(asProcessor(2)), inPlace: 0 }, 0, apart, NO_ACCESS],
  ];
  it.each(cases)('%s', (_, changes, actual, sameHive, expected) => {
    expect(bestRestoreLocation(attributes(changes), asProcessor(actual), GPU0, sameHive)).toBe(expected);
  });
});

describe('where a prefetch to gpu0 goes', () => {
  const both = { access: bitOf(GPU0) | bitOf(asProcessor(2)) };
  const cases: readonly (readonly [string, Partial<SvmAttributes>, boolean, typeof apart, number])[] = [
    ['with XNACK others may fault: there', both, true, apart, 1],
    ['without XNACK another device maps it and cannot reach it: host memory', both, false, apart, 0],
    ['without XNACK, in one hive: there', both, false, hive, 1],
    ['without XNACK, for one device alone: there', { access: bitOf(GPU0) }, false, apart, 1],
    [
      'another device accesses it in place, out of reach: host memory',
      { inPlace: bitOf(asProcessor(2)) },
      true,
      apart,
      0,
    ],
    ['to host memory', { prefetch: CPU }, true, apart, 0],
    ['nowhere', { prefetch: UNDEFINED }, true, apart, UNDEFINED],
  ];
  it.each(cases)('%s', (_, changes, isXnack, sameHive, expected) => {
    expect(bestPrefetchLocation(attributes({ prefetch: GPU0, ...changes }), isXnack, 2, sameHive)).toBe(expected);
  });
});

describe('which devices a whole range is mapped on', () => {
  const range = (changes: Partial<SvmAttributes & { actual: ProcessorIndex; mapped: boolean }>) => ({
    ...attributes(),
    actual: CPU,
    mapped: false,
    ...changes,
  });
  it('without XNACK all that have access; with it those in place and the one that has the data', () => {
    expect(devicesToMap(range({}), false)).toBe(bitOf(GPU0) | bitOf(asProcessor(2)));
    expect(devicesToMap(range({}), true)).toBe(0);
    expect(devicesToMap(range({ actual: asProcessor(2) }), true)).toBe(bitOf(asProcessor(2)));
    expect(devicesToMap(range({ inPlace: bitOf(GPU0), access: bitOf(asProcessor(2)) }), true)).toBe(bitOf(GPU0));
  });
  it('a range that is mapped already, or always, is mapped on all with access', () => {
    expect(devicesToMap(range({ mapped: true }), true)).toBe(bitOf(GPU0) | bitOf(asProcessor(2)));
    expect(devicesToMap(range({ alwaysMapped: true }), true)).toBe(bitOf(GPU0) | bitOf(asProcessor(2)));
  });
});

it('a kind of access replaces the others', () => {
  const range = attributes();
  accessOf(bitOf(GPU0), 'inPlace').apply(range);
  expect([range.access, range.inPlace]).toEqual([bitOf(asProcessor(2)), bitOf(GPU0)]);
  accessOf(bitOf(GPU0), 'none').apply(range);
  expect([range.access, range.inPlace]).toEqual([bitOf(asProcessor(2)), 0]);
  expect(accessOf(bitOf(GPU0), 'none').holds(range)).toBe(true);
  expect(accessOf(bitOf(asProcessor(2)), 'none').holds(range)).toBe(false);
  accessOf(bitOf(GPU0), 'access').apply(range);
  expect(range.access).toBe(bitOf(GPU0) | bitOf(asProcessor(2)));
});

describe('sizes', () => {
  it('a piece is aligned to its size and clipped to its range', () => {
    expect(alignedPiece(1000, 9, 0, 4096)).toEqual({ start: 512, end: 1024 });
    expect(alignedPiece(1000, 9, 600, 1010)).toEqual({ start: 600, end: 1010 });
    expect(alignedPiece(1000, 0, 0, 4096)).toEqual({ start: 1000, end: 1001 });
    expect(alignedPiece(1000, 0x3f, 3, 4096)).toEqual({ start: 3, end: 4096 });
  });
  it('registered memory is cut into 1/32 of the VRAM, a power of two of 2 MiB to 1 GiB', () => {
    const pages = (gib: number): number => gib * 262_144;
    expect([1 / 64, 1, 16, 24, 128].map((gib) => maxRangePages(pages(gib)))).toEqual([
      512, 8192, 131_072, 131_072, 262_144,
    ]);
    expect(rangeBorders(100, 1300, 512)).toEqual([100, 512, 1024, 1300]);
    expect(rangeBorders(512, 1024, 512)).toEqual([512, 1024]);
  });
});
