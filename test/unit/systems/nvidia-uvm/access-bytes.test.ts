import { describe, expect, it } from 'vitest';
import { createPageMask, fillRange, hasPage, setPage, type PageMask } from '../../../../src-core/base/page-mask';
import { randomStream } from '../../../../src-core/base/random';
import { AccessBytes } from '../../../../src-core/systems/nvidia-uvm/mechanics/access-bytes';
import { VaBlock } from '../../../../src-core/systems/nvidia-uvm/mechanics/va-block';
import { GPU0 } from '../../../../src-core/model/processor';
import { asGranule } from '../../../../src-core/base/indices';

const GPU = GPU0;
const READ = 0;
const WRITE = 1;

function blockOfTwo(): { readonly block: VaBlock; readonly access: AccessBytes } {
  const block = new VaBlock(1, 0, 512, 0, 2, false);
  return { block, access: new AccessBytes(2, 1024, 512) };
}

describe('the bytes of page tables', () => {
  it('report each page that waited and is now mapped, also among 32 neighbours mapped alike', () => {
    const { block, access } = blockOfTwo();
    const pages = createPageMask();
    fillRange(pages, 0, 96);
    for (const mask of [block.resident, block.readable, block.writable]) fillRange(mask[GPU]!, 0, 96);
    for (const page of [3, 40, 200]) access.setPending(GPU, asGranule(512 + page), true);
    const answered: number[] = [];
    access.refresh(block, GPU, pages, (granule) => answered.push(granule));
    expect(answered).toEqual([512 + 3, 512 + 40]);
    expect(access.isPending(GPU, asGranule(512 + 40))).toBe(true); // the answer clears it
  });

  it('say the same of single pages and of 32 at once', () => {
    const stream = randomStream(1, 'access-bytes');
    const { block, access } = blockOfTwo();
    for (let round = 0; round < 100; round++) {
      const pages = createPageMask();
      const first = 32 * stream.below(12);
      if (stream.below(2) === 0) fillRange(pages, first, first + 32 * (1 + stream.below(4)));
      else for (let i = 0; i < 50; i++) setPage(pages, stream.below(512));
      for (const mask of [block.resident, block.readable, block.writable]) {
        const on = stream.below(2) === 1;
        for (let i = 0; i < pages.length; i++)
          mask[GPU]![i] = on ? mask[GPU]![i]! | pages[i]! : mask[GPU]![i]! & ~pages[i]!;
      }
      access.track(asGranule(512 + stream.below(512)), stream.below(2) === 1, 1);
      access.refresh(block, GPU, pages, () => undefined);
      for (let page = 0; page < 512; page++) {
        if (!hasPage(pages, page)) continue;
        const has = (mask: readonly PageMask[]): boolean => hasPage(mask[GPU]!, page);
        const [here, reads, writes] = [has(block.resident), has(block.readable), has(block.writable)];
        expect(access.isLocal(GPU, asGranule(512 + page), READ)).toBe(here && reads);
        expect(access.isLocal(GPU, asGranule(512 + page), WRITE)).toBe(here && writes);
        expect(access.isRemote(GPU, asGranule(512 + page), READ)).toBe(!here && reads);
        expect(access.isRemote(GPU, asGranule(512 + page), WRITE)).toBe(!here && writes);
      }
    }
  });
});
