/** Where KFD wants a range: pure decisions (kfd_svm.c svm_range_best_restore_location, svm_range_best_prefetch_location). */
import { CPU, type ProcessorIndex, asProcessor, GPU0 } from '../../../model/processor';
import { bitOf, UNDEFINED, type Location, type SvmAttributes } from './attributes';

/** Devices whose memory each other can map: one XGMI hive, or only themselves. */
export type SameHive = (a: ProcessorIndex, b: ProcessorIndex) => boolean;

/** The faulting device has no access: -EACCES. */
export const NO_ACCESS = asProcessor(-2);

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
  for (let device = GPU0; device <= devices; device++)
    if (mapping & bitOf(device) && !sameHive(device, prefetch)) return CPU;
  return prefetch;
}
