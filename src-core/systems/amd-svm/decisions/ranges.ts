/** How KFD cuts registered memory into ranges, and what of a range one fault migrates (kfd_svm.c). */

/** The piece of [start, end) around a page that is aligned to 2^granularity pages. */
export function alignedPiece(
  vpn: number,
  granularity: number,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } {
  const size = 2 ** granularity;
  const first = Math.floor(vpn / size) * size;
  return { start: Math.max(first, start), end: Math.min(first + size, end) };
}

/** svm_range_set_max_pages: registered memory is cut into ranges of 1/32 of the VRAM, a power of two of 2 MiB to 1 GiB. */
export function maxRangePages(vramPages: number): number {
  const pages = Math.min(Math.max(Math.floor(vramPages / 32), 1 << 9), 1 << 18);
  let power = 1;
  while (power * 2 <= pages) power *= 2;
  return power;
}

/** Borders of the ranges that [start, end) is cut into: aligned to the largest size (svm_range_split_new). */
export function rangeBorders(start: number, end: number, maxPages: number): readonly number[] {
  const borders = [start];
  for (let at = start; at < end;) {
    at = Math.min(end, Math.floor((at + maxPages) / maxPages) * maxPages);
    borders.push(at);
  }
  return borders;
}
