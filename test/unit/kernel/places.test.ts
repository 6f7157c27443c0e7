import { describe, expect, it } from 'vitest';
import { exit, fork } from '../../../src-core/kernel/fork';
import { MAPS, movePlace, ownSpace, ownVpn, placesOf } from '../../../src-core/kernel/places';
import { fill, makeKernel, map, pageAt, stage, BASE } from './build';

/** The first and the last page of a 57-bit space, and pages around the borders of the two words. */
const PAGES = [16, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 36 + 5, 2 ** 45 - 1];

describe('the place of a frame', () => {
  it.each(PAGES)('names page %i, and follows it there by mremap', (vpn) => {
    const kernel = makeKernel();
    const process = kernel.spawn('main');
    const { mm } = process;
    map(kernel, process, 1, { start: vpn });
    fill(kernel, mm, vpn, 1);
    const { pfn } = pageAt(mm, vpn);
    expect(ownSpace(kernel.frames, pfn)).toBe(mm);
    expect(ownVpn(kernel.frames, pfn)).toBe(vpn);
    expect(movePlace(kernel.frames, pfn, { mm, vpn, huge: false }, 3)).toBe(true);
    expect(placesOf(kernel.frames, MAPS, pfn)).toEqual([{ mm, vpn: 3, huge: false }]);
  });

  it('names its address space, and after that one ended the next', () => {
    const { kernel, process, mm } = stage(1);
    fill(kernel, mm, BASE, 1);
    const child = fork(kernel, process, 'child');
    const { pfn } = pageAt(mm, BASE);
    expect(placesOf(kernel.frames, MAPS, pfn).map((place) => place.mm.id)).toEqual([mm.id, child.mm.id]);
    exit(kernel, process, 0);
    expect(ownSpace(kernel.frames, pfn)).toBe(child.mm);
  });
});
