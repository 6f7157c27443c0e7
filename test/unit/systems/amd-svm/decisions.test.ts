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

const apart = (a: number, b: number): boolean => a === b;
const hive = (): boolean => true;
const attributes = (changes: Partial<SvmAttributes> = {}): SvmAttributes => ({
  preferred: UNDEFINED,
  prefetch: UNDEFINED,
  granularity: 9,
  access: bitOf(1) | bitOf(2),
  inPlace: 0,
  alwaysMapped: false,
  readMostly: false,
  ...changes,
});

describe('where a fault of gpu0 restores a range', () => {
  const cases: readonly (readonly [string, Partial<SvmAttributes>, number, typeof apart, number])[] = [
    ['access: to the device that faults', {}, 0, apart, 1],
    ['access: also from another device', {}, 2, apart, 1],
    ['preferred there', { preferred: 1, access: 0 }, 0, apart, 1],
    ['preferred in host memory, whatever the access', { preferred: 0 }, 1, apart, 0],
    ['preferred on a device of the hive', { preferred: 2 }, 0, hive, 2],
    ['preferred on a device that cannot be reached: as by access', { preferred: 2 }, 0, apart, 1],
    ['in place: stays in host memory', { access: 0, inPlace: bitOf(1) }, 0, apart, 0],
    ['in place: stays on a device of the hive', { access: 0, inPlace: bitOf(1) }, 2, hive, 2],
    ['in place: comes home from a device out of reach', { access: 0, inPlace: bitOf(1) }, 2, apart, 0],
    ['no access', { access: bitOf(2), inPlace: 0 }, 0, apart, NO_ACCESS],
  ];
  it.each(cases)('%s', (_, changes, actual, sameHive, expected) => {
    expect(bestRestoreLocation(attributes(changes), actual, 1, sameHive)).toBe(expected);
  });
});

describe('where a prefetch to gpu0 goes', () => {
  const both = { access: bitOf(1) | bitOf(2) };
  const cases: readonly (readonly [string, Partial<SvmAttributes>, boolean, typeof apart, number])[] = [
    ['with XNACK others may fault: there', both, true, apart, 1],
    ['without XNACK another device maps it and cannot reach it: host memory', both, false, apart, 0],
    ['without XNACK, in one hive: there', both, false, hive, 1],
    ['without XNACK, for one device alone: there', { access: bitOf(1) }, false, apart, 1],
    ['another device accesses it in place, out of reach: host memory', { inPlace: bitOf(2) }, true, apart, 0],
    ['to host memory', { prefetch: 0 }, true, apart, 0],
    ['nowhere', { prefetch: UNDEFINED }, true, apart, UNDEFINED],
  ];
  it.each(cases)('%s', (_, changes, isXnack, sameHive, expected) => {
    expect(bestPrefetchLocation(attributes({ prefetch: 1, ...changes }), isXnack, 2, sameHive)).toBe(expected);
  });
});

describe('which devices a whole range is mapped on', () => {
  const range = (changes: Partial<SvmAttributes & { actual: number; mapped: boolean }>) => ({
    ...attributes(),
    actual: 0,
    mapped: false,
    ...changes,
  });
  it('without XNACK all that have access; with it those in place and the one that has the data', () => {
    expect(devicesToMap(range({}), false)).toBe(bitOf(1) | bitOf(2));
    expect(devicesToMap(range({}), true)).toBe(0);
    expect(devicesToMap(range({ actual: 2 }), true)).toBe(bitOf(2));
    expect(devicesToMap(range({ inPlace: bitOf(1), access: bitOf(2) }), true)).toBe(bitOf(1));
  });
  it('a range that is mapped already, or always, is mapped on all with access', () => {
    expect(devicesToMap(range({ mapped: true }), true)).toBe(bitOf(1) | bitOf(2));
    expect(devicesToMap(range({ alwaysMapped: true }), true)).toBe(bitOf(1) | bitOf(2));
  });
});

it('a kind of access replaces the others', () => {
  const range = attributes();
  accessOf(bitOf(1), 'inPlace').apply(range);
  expect([range.access, range.inPlace]).toEqual([bitOf(2), bitOf(1)]);
  accessOf(bitOf(1), 'none').apply(range);
  expect([range.access, range.inPlace]).toEqual([bitOf(2), 0]);
  expect(accessOf(bitOf(1), 'none').holds(range)).toBe(true);
  expect(accessOf(bitOf(2), 'none').holds(range)).toBe(false);
  accessOf(bitOf(1), 'access').apply(range);
  expect(range.access).toBe(bitOf(1) | bitOf(2));
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
