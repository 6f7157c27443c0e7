/** The pure decisions of Xe and drm_gpusvm. */
import { describe, expect, it } from 'vitest';
import { chunkAround } from '../../../../src-core/systems/xe-svm/decisions/ranges';
import { needsVram } from '../../../../src-core/systems/xe-svm/decisions/residency';

const all = (): boolean => true;
const none = (): boolean => false;
const wide = { start: 0, end: 1 << 20 };

describe('the chunk of a range', () => {
  it('is the largest aligned one that fits', () => {
    expect(chunkAround(1000, wide, all, all, true)).toEqual({ start: 512, end: 1024 });
    expect(chunkAround(1000, { start: 513, end: 2000 }, all, all, true)).toEqual({ start: 992, end: 1008 });
    expect(chunkAround(1000, { start: 512, end: 1023 }, all, all, true)).toEqual({ start: 992, end: 1008 });
    expect(chunkAround(1000, { start: 999, end: 1005 }, all, all, true)).toEqual({ start: 1000, end: 1001 });
    expect(chunkAround(1000, { start: 1001, end: 1005 }, all, all, true)).toBeNull();
  });
  it('overlaps no other range; a single page is not asked', () => {
    const freeBelow = (pages: number) => (start: number, end: number) => end - start < pages;
    expect(chunkAround(1000, wide, freeBelow(512), all, true)).toEqual({ start: 992, end: 1008 });
    expect(chunkAround(1000, wide, none, all, true)).toEqual({ start: 1000, end: 1001 });
  });
  it('of 64 KiB is used where every page is populated; of 2 MiB always', () => {
    const narrow = { start: 990, end: 1010 };
    expect(chunkAround(1000, wide, all, none, true)).toEqual({ start: 512, end: 1024 });
    expect(chunkAround(1000, narrow, all, none, true)).toEqual({ start: 1000, end: 1001 });
    expect(chunkAround(1000, narrow, all, none, false)).toEqual({ start: 992, end: 1008 });
  });
});

it('atomics need VRAM, unless declared as of the device where the platform can make them on host memory', () => {
  expect(needsVram(false, 'cpu', false)).toBe(false);
  expect(needsVram(true, 'cpu', true)).toBe('EACCES');
  expect(needsVram(true, 'undefined', true)).toBe(true);
  expect(needsVram(true, 'global', true)).toBe(true);
  expect(needsVram(true, 'device', true)).toBe(false);
  expect(needsVram(true, 'device', false)).toBe(true);
});
