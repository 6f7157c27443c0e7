/** Hints of a program as memory attributes of Xe (DRM_IOCTL_XE_MADVISE). */
import type { RangeAdvice } from '../../../kit/linux/backend';
import type { Attributes } from './gpusvm';

type Change = (before: Attributes) => Attributes;

/**
 * null: the ioctl has no such attribute. `preferred-location` on a device holds for that device; another one that faults uses
 * host memory, as long as the driver does not look devices up (xe_vma_resolve_pagemap).
 */
export function changeOf({ hint, at }: RangeAdvice): Change | null {
  switch (hint) {
    case 'preferred-location':
      return (before) => ({ ...before, preferred: at });
    case 'no-preferred-location':
      return (before) => ({ ...before, preferred: null });
    case 'atomic-device':
      return (before) => ({ ...before, atomics: 'device' });
    case 'atomic-global':
      return (before) => ({ ...before, atomics: 'global' });
    case 'atomic-cpu':
      return (before) => ({ ...before, atomics: 'cpu' });
    case 'atomic-undefined':
      return (before) => ({ ...before, atomics: 'undefined' });
    default:
      return null;
  }
}
