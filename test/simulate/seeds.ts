/**
 * Seeds that fail without a fix that they led to, with its story. They are run first. A change of the generator changes
 * what a seed does: then look for the seeds that fail without the fix again.
 */
export const SEEDS_THAT_FAILED: readonly { readonly seed: number; readonly story: string }[] = [
  {
    seed: 579,
    story:
      'MADV_FREE was accepted on memory under mlock, whose pages and swap entries were then lost under pressure. Linux answers EINVAL (madvise_dontneed_free_valid_vma).',
  },
  { seed: 1760, story: 'The same, with a single page.' },
];
