import type { Mm } from '../../src-core/kernel/mm';
import { PMD_PAGES } from '../../src-core/kernel/page';
import { eachEntry, entryAt, type Pte } from '../../src-core/kernel/page-table';
import { HOLE } from '../../src-core/kernel/pte-tables';

/** Every entry of an address space with its first page, table by table. */
export function entriesOf(mm: Mm): { readonly vpn: number; readonly huge: boolean; readonly entry: Pte }[] {
  const found: { vpn: number; huge: boolean; entry: Pte }[] = [];
  for (const pmd of mm.pmds.keys())
    eachEntry(mm, pmd * PMD_PAGES, (pmd + 1) * PMD_PAGES, (vpn, bits) => {
      if (bits === HOLE) return;
      const { huge, entry } = entryAt(mm, vpn)!;
      if (!huge || vpn % PMD_PAGES === 0) found.push({ vpn, huge, entry });
    });
  return found;
}
