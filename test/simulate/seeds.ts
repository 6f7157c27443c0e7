/** Seeds that once failed, with what they found. They are run first. A change of the generator changes what they do. */
export const SEEDS_THAT_FAILED: readonly { readonly seed: number; readonly story: string }[] = [
  {
    seed: 69,
    story:
      'MADV_FREE was accepted on memory under mlock and dropped its swap entries: the values were zeros afterwards. Linux answers EINVAL (madvise_dontneed_free_valid_vma).',
  },
  {
    seed: 549,
    story:
      'A device that writes to a read-only page in flight is told to wait before it is told that it may not: the harness had expected the errno first.',
  },
  {
    seed: 171,
    story:
      'Shared anonymous memory was in flight by the mapping of one process while another one faulted: it has to wait. The harness had looked only at files with names.',
  },
  { seed: 198, story: 'The page in the swap cache was in flight: a swap entry of another process waits for it too.' },
];
