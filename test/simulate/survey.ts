/** One walk through all page tables, from which the properties are recomputed after every step. */
import type { Mm, Vma } from '../../src-core/kernel/mm';
import { PMD_PAGES, type Page } from '../../src-core/kernel/page';
import type { Pte } from '../../src-core/kernel/page-table';
import { entriesOf } from '../support/page-table-entries';
import type { World } from './world';

export interface Place {
  readonly mm: Mm;
  readonly vma: Vma | null;
  readonly vpn: number;
  readonly huge: boolean;
  readonly entry: Pte;
}

export interface Survey {
  readonly places: readonly Place[];
  /** By folio head: the entries that map it, migration entries not. */
  readonly mapped: ReadonlyMap<Page, readonly Place[]>;
  /** Folios that are given out. */
  readonly heads: ReadonlySet<Page>;
  /** Populated anonymous pages: of each space, page number → its page (null: in swap). */
  readonly anon: ReadonlyMap<Mm, ReadonlyMap<number, Page | null>>;
}

export function survey(world: World): Survey {
  const places: Place[] = [];
  const mapped = new Map<Page, Place[]>();
  const anon = new Map<Mm, Map<number, Page | null>>();
  for (const mm of world.kernel.mms()) {
    anon.set(mm, new Map());
    walk(mm, (place) => {
      places.push(place);
      note(place, mapped, anon.get(mm)!);
    });
  }
  const heads = new Set<Page>();
  for (const page of world.live) heads.add(page.head);
  return { places, mapped, heads, anon };
}

function note(place: Place, mapped: Map<Page, Place[]>, anon: Map<number, Page | null>): void {
  const { entry, vpn, huge } = place;
  if (entry.state === 'swap') anon.set(vpn, null);
  if (!entry.page) return;
  const { head } = entry.page;
  if (head.anon && huge) for (let i = 0; i < PMD_PAGES; i++) anon.set(vpn + i, head.pages?.[i] ?? head);
  else if (head.anon) anon.set(vpn, entry.page);
  if (entry.state === 'migration') return;
  const known = mapped.get(head);
  if (known) known.push(place);
  else mapped.set(head, [place]);
}

function walk(mm: Mm, each: (place: Place) => void): void {
  let at = 0;
  const vmaOf = (vpn: number): Vma | null => {
    if (vpn < (mm.vmas[at]?.start ?? Infinity)) at = 0;
    while ((mm.vmas[at]?.end ?? Infinity) <= vpn) at++;
    const vma = mm.vmas[at];
    return vma && vma.start <= vpn ? vma : null;
  };
  for (const place of entriesOf(mm)) each({ mm, vma: vmaOf(place.vpn), ...place });
}
