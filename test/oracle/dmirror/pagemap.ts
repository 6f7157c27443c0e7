/** /proc/<pid>/pagemap, as far as the self-tests look at it (A10). */
import type { Mm } from '../../../src-core/os/linux/mm';
import { entryAt } from '../../../src-core/os/linux/page-table';

export function pagemapOf(mm: Mm, vpn: number): { readonly swap: boolean; readonly present: boolean } {
  const entry = entryAt(mm, vpn)?.entry;
  const present = entry?.state === 'present' || entry?.state === 'zero' || entry?.state === 'special';
  return { present, swap: entry !== undefined && !present };
}
