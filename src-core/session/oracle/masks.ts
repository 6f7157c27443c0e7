/** Page masks as the vectors write them: one big-endian hexadecimal integer, bit i = page i of the block. */
import { createPageMask, hasPage, PAGE_MASK_PAGES, setPage, type PageMask } from '../../base/page-mask';

const BITS_PER_DIGIT = 4;

export function maskFromHex(hex: string): PageMask {
  const mask = createPageMask();
  for (let digit = 0; digit < hex.length; digit++) {
    const value = Number.parseInt(hex.charAt(hex.length - 1 - digit), 16);
    for (let bit = 0; bit < BITS_PER_DIGIT; bit++) {
      const page = digit * BITS_PER_DIGIT + bit;
      if (((value >>> bit) & 1) === 1 && page < PAGE_MASK_PAGES) setPage(mask, page);
    }
  }
  return mask;
}

/** `digits` of them: as many as the vector has for the block. */
export function maskToHex(mask: PageMask, digits: number): string {
  let hex = '';
  for (let digit = digits - 1; digit >= 0; digit--) {
    let value = 0;
    for (let bit = 0; bit < BITS_PER_DIGIT; bit++) if (hasPage(mask, digit * BITS_PER_DIGIT + bit)) value |= 1 << bit;
    hex += value.toString(16);
  }
  return hex;
}
