import { formatCount } from '../../src-core/base/units';
import type { Finding } from '../../src-core/model/finding';

/** Where a finding was made, short: `file.yaml:12:3 phases[0].steps`; empty when it has no place. */
export function placeText({ place }: Finding): string {
  if (!place) return '';
  const line = place.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  const file = place.file ?? (line ? 'line' : '');
  const offset = place.offset === undefined ? '' : `byte ${formatCount(place.offset)}`;
  return [`${file}${line}`, place.path ?? '', offset].filter((part) => part !== '').join(' ');
}
