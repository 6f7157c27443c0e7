/** Where KFD wants a range: pure decisions (kfd_svm.c svm_range_best_restore_location, svm_range_best_prefetch_location). */
import { CPU, type ProcessorIndex } from '../../../model/processor';
import { bitOf, UNDEFINED, type Location, type SvmAttributes } from './ranges';

/** Devices whose memory each other can map: one XGMI hive, or only themselves. */
export type SameHive = (a: ProcessorIndex, b: ProcessorIndex) => boolean;

/** The faulting device has no access: -EACCES. */
export const NO_ACCESS = -2;

/** XNACK on: where a fault of the device restores the range. The preferred location counts before the kind of access. */
export function bestRestoreLocation(
  { preferred, access, inPlace }: SvmAttributes,
  actual: ProcessorIndex,
  device: ProcessorIndex,
  sameHive: SameHive,
): Location {
  if (preferred === device || preferred === CPU) return preferred;
  if (preferred !== UNDEFINED && sameHive(device, preferred)) return preferred;
  if (access & bitOf(device)) return device;
  if (!(inPlace & bitOf(device))) return NO_ACCESS;
  return actual !== CPU && sameHive(device, actual) ? actual : CPU;
}

/**
 * Where a prefetch may really go: a device, unless another one that maps the range could not reach its memory. With XNACK
 * only those with access in place map it; the others would fault.
 */
export function bestPrefetchLocation(
  { prefetch, access, inPlace }: SvmAttributes,
  isXnack: boolean,
  devices: number,
  sameHive: SameHive,
): Location {
  if (prefetch === CPU || prefetch === UNDEFINED) return prefetch;
  const mapping = isXnack ? inPlace : access | inPlace;
  for (let device = 1; device <= devices; device++)
    if (mapping & bitOf(device) && !sameHive(device, prefetch)) return CPU;
  return prefetch;
}

/** SVM_ATTR_GRANULARITY of a range is limited to this (svm_range_apply_attrs). */
export const RANGE_GRANULARITY_MAX = 0x3f;

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
