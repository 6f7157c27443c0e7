/**
 * The density-tree prefetcher of NVIDIA's UVM driver. A binary tree over the pages of a VA block counts the pages that
 * are resident on the destination or faulted; for each faulted page the largest subtree that is filled to more than the
 * threshold is brought in whole. 4 KiB pages first grow to their 64 KiB page.
 *
 * Source: uvm_perf_prefetch.c of driver 595.45.04, lines 102-303 (region per page, tree, growth, union). Left out: blocks
 * that do not start on a 64 KiB boundary (objects start on 2 MiB boundaries here), preferred location, thrashing pages,
 * and the min_faults counter.
 */
import { z } from 'zod';
import { integer } from '../../contracts/params';
import { definePolicy } from '../../contracts/policy';
import { asGranule } from '../../base/indices';

const BIG_PAGE_BYTES = 65536;
const MAX_PAGES = 512;

export const tree = definePolicy({
  kind: 'prefetch',
  id: 'tree',
  title: 'Density tree',
  summary: 'Moves the largest subtree of the 2 MiB block whose share of used pages is above the threshold.',
  source: 'NVIDIA UVM driver 595.45.04, uvm_perf_prefetch.c:102-303.',
  params: z.object({
    threshold: integer({
      title: 'Threshold (uvm_perf_prefetch_threshold)',
      help: 'A subtree is fetched if more than this share of its pages is resident or faulted. 0 always fetches the whole block; 100 never fetches anything.',
      unit: '%',
      min: 0,
      max: 100,
      initial: 51,
    }),
  }),
  create: ({ threshold }) => {
    const filledBefore = new Int32Array(MAX_PAGES + 1); // prefix sums of the tree's leaves
    const leaf = new Uint8Array(MAX_PAGES);
    return {
      choose: (faults, memory, want) => {
        const leaves = faults.outer - faults.first;
        if (leaves <= 1) return;
        for (let i = 0; i < leaves; i++)
          leaf[i] = memory.ownerOf(asGranule(faults.first + i)) === faults.device ? 1 : 0;
        for (let i = 0; i < faults.count; i++) leaf[faults.faulted[i]! - faults.first] = 1;
        const perBigPage = BIG_PAGE_BYTES / memory.granuleBytes;
        if (perBigPage > 1)
          for (let i = 0; i < faults.count; i++) {
            const page = faults.faulted[i]! - faults.first;
            const start = page - (page % perBigPage);
            leaf.fill(1, start, Math.min(start + perBigPage, leaves));
          }
        for (let i = 0; i < leaves; i++) filledBefore[i + 1] = filledBefore[i]! + leaf[i]!;
        let wanted = 0; // pages below this one were already handed out
        for (let i = 0; i < faults.count; i++) {
          const page = faults.faulted[i]! - faults.first;
          let from = 0;
          let to = 0;
          for (let size = 1; ; size *= 2) {
            const a = page - (page % size);
            const b = Math.min(a + size, leaves);
            if ((filledBefore[b]! - filledBefore[a]!) * 100 > (b - a) * threshold) {
              from = a;
              to = b;
            }
            if (size >= leaves) break;
          }
          for (let p = Math.max(from, wanted); p < to; p++) want(asGranule(faults.first + p));
          wanted = Math.max(wanted, to);
        }
      },
    };
  },
});
