/** How large a range is made (drm_gpusvm.c drm_gpusvm_range_chunk_size): a pure decision. */

/** Pages [start, end). */
interface PageRange {
  readonly start: number;
  readonly end: number;
}
/** fault_chunk_sizes of Xe, in pages: 2 MiB, 64 KiB, 4 KiB. */
export const CHUNK_PAGES: readonly number[] = [512, 16, 1];
/** check_pages_threshold of Xe on discrete devices: chunks up to this are used where the CPU has all their pages. */
const CHECKED_PAGES = 16;

/**
 * The largest aligned chunk around a page that fits the borders (VMA, notifier window and GPU window), overlaps no range,
 * and, up to 64 KiB, is populated. A single page is only held against the borders. null: not even that fits (EINVAL).
 * @param checks populated pages are asked for: on devices with VRAM of their own
 */
export function chunkAround(
  vpn: number,
  borders: PageRange,
  isFree: (start: number, end: number) => boolean,
  isPopulated: (start: number, end: number) => boolean,
  checks: boolean,
): PageRange | null {
  for (const pages of CHUNK_PAGES) {
    const start = Math.floor(vpn / pages) * pages;
    const end = start + pages;
    if (start < borders.start || end > borders.end) continue;
    if (pages > 1 && !isFree(start, end)) continue;
    if (pages > 1 && checks && pages <= CHECKED_PAGES && !isPopulated(start, end)) continue;
    return { start, end };
  }
  return null;
}
