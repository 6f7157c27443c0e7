/** Hints of a program as attributes of KFD: what HIP's hipMemAdvise sets, and what only hsa_amd_svm_attributes_set can. */
import { CPU } from '../../../model/processor';
import type { RangeAdvice } from '../../../kit/linux/backend';
import {
  accessOf,
  bitOf,
  flagOf,
  granularityOf,
  preferredLocation,
  UNDEFINED,
  type SvmChange,
} from '../decisions/attributes';

/** null: no attribute says that, or not of this processor. */
export function changesOf({ hint, at, value }: RangeAdvice): readonly SvmChange[] | null {
  const device = at !== null && at !== CPU ? bitOf(at) : null;
  switch (hint) {
    case 'preferred-location':
      return at === null ? null : [preferredLocation(at)];
    case 'no-preferred-location':
      return [preferredLocation(UNDEFINED)];
    case 'accessed-by':
      return device === null ? null : [accessOf(device, 'inPlace')];
    case 'not-accessed-by':
      return device === null ? null : [accessOf(device, 'none')];
    case 'access':
      return device === null ? null : [accessOf(device, 'access')];
    case 'granularity':
      return value === null ? null : [granularityOf(value)];
    case 'always-mapped':
      return [flagOf('alwaysMapped', true)];
    case 'not-always-mapped':
      return [flagOf('alwaysMapped', false)];
    case 'read-mostly':
      return [flagOf('readMostly', true)];
    case 'not-read-mostly':
      return [flagOf('readMostly', false)];
    default:
      return null;
  }
}
