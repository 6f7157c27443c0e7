/** The attributes that an application gives to a range of KFD SVM, and what they say about mapping it (kfd_svm.c). */
import { CPU, type ProcessorIndex, NO_PROCESSOR } from '../../../model/processor';

/** KFD_IOCTL_SVM_LOCATION_UNDEFINED. */
export const UNDEFINED = NO_PROCESSOR;
/** A processor, or UNDEFINED. */
export type Location = ProcessorIndex;

export const bitOf = (device: ProcessorIndex): number => 1 << device;

/** Attributes of a range, set by the application; defaults as svm_range_set_default_attributes has them. */
export interface SvmAttributes {
  /** Where the data shall be when a fault restores it. */
  preferred: Location;
  /** Where the data was last moved ahead (SVM_ATTR_PREFETCH_LOC). */
  prefetch: Location;
  /** log2 of pages: size and alignment of what a fault migrates. */
  granularity: number;
  /** Bit per device that may access the range (SVM_ATTR_ACCESS): a fault brings the data to it. */
  access: number;
  /** Bit per device that accesses the data where it is (SVM_ATTR_ACCESS_IN_PLACE). */
  inPlace: number;
  /** SVM_FLAG_GPU_ALWAYS_MAPPED: an invalidation stops the queues, as without XNACK. */
  alwaysMapped: boolean;
  /** SVM_FLAG_GPU_READ_MOSTLY: kept, and without effect in 6.12. */
  readMostly: boolean;
}

/** SVM_ATTR_GRANULARITY of a range is limited to this (svm_range_apply_attrs). */
const RANGE_GRANULARITY_MAX = 0x3f;

/** One attribute of the call. */
export interface SvmChange {
  /** The range has it already: nothing is to be done for it (svm_range_is_same_attrs). */
  readonly holds: (attributes: Readonly<SvmAttributes>) => boolean;
  readonly apply: (attributes: SvmAttributes) => void;
  /** Mappings are rebuilt: always for flags, but for kinds of access only without XNACK. */
  readonly remaps: 'always' | 'without-xnack' | 'never';
}

export const preferredLocation = (at: ProcessorIndex): SvmChange => ({
  holds: ({ preferred }) => preferred === at,
  apply: (attributes) => {
    attributes.preferred = at;
  },
  remaps: 'never',
});

/** Moves data also where the location was the same before. */
export const prefetchLocation = (at: ProcessorIndex): SvmChange => ({
  holds: () => false,
  apply: (attributes) => {
    attributes.prefetch = at;
  },
  remaps: 'never',
});

/** ACCESS, ACCESS_IN_PLACE or NO_ACCESS of the devices in a bit set. */
export const accessOf = (devices: number, kind: 'access' | 'inPlace' | 'none'): SvmChange => ({
  holds: ({ access, inPlace }) => {
    if (kind === 'none') return ((access | inPlace) & devices) === 0;
    return ((kind === 'access' ? access : inPlace) & devices) === devices;
  },
  apply: (attributes) => {
    attributes.access = kind === 'access' ? attributes.access | devices : attributes.access & ~devices;
    attributes.inPlace = kind === 'inPlace' ? attributes.inPlace | devices : attributes.inPlace & ~devices;
  },
  remaps: 'without-xnack',
});

export const granularityOf = (log2Pages: number): SvmChange => ({
  holds: ({ granularity }) => granularity === log2Pages,
  apply: (attributes) => {
    attributes.granularity = Math.min(log2Pages, RANGE_GRANULARITY_MAX);
  },
  remaps: 'never',
});

/** KFD_IOCTL_SVM_FLAG_GPU_ALWAYS_MAPPED or _GPU_READ_MOSTLY, set or cleared. */
export const flagOf = (flag: 'alwaysMapped' | 'readMostly', on: boolean): SvmChange => ({
  holds: (attributes) => attributes[flag] === on,
  apply: (attributes) => {
    attributes[flag] = on;
  },
  remaps: 'always',
});

/** The driver's belief about a range. */
interface MappedRange {
  /** Where it has pages: a device, or the CPU (actual_loc). */
  readonly actual: ProcessorIndex;
  /** mapped_to_gpu. */
  readonly mapped: boolean;
}

/**
 * Devices on which svm_range_validate_and_map maps a whole range: with XNACK those with access in place and, where it has
 * access, the one that has the data; others only if the range is mapped already or always. Without XNACK all with access.
 */
export function devicesToMap(range: Readonly<SvmAttributes> & MappedRange, isXnack: boolean): number {
  const { access, inPlace, actual, mapped, alwaysMapped } = range;
  if (!isXnack) return access | inPlace;
  const holder = actual === CPU ? 0 : access & bitOf(actual);
  const devices = inPlace | holder;
  return devices === 0 && (mapped || alwaysMapped) ? access : devices;
}
