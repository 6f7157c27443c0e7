/**
 * Seeds that fail without a fix that they led to, with its story. They are run first. A change of the generator changes
 * what a seed does: then look for the seeds that fail without the fix again.
 */
export const SEEDS_THAT_FAILED: readonly { readonly seed: number; readonly story: string }[] = [
  {
    seed: 2198,
    story:
      'MADV_FREE was accepted on memory under mlock, whose pages and swap entries were then lost under pressure. Linux answers EINVAL (madvise_dontneed_free_valid_vma).',
  },
  {
    seed: 860,
    story:
      'The driver of another device had no RAM to bring a page back to, and in 6.12 the reader got EFAULT: the harness had not known that this was memory running out.',
  },
];
