/**
 * Recomputes every book of the Linux model from what is really there: page tables, page caches, swap. Returns one line per
 * deviation, so an empty list means that nothing was lost, leaked or counted twice.
 */
import type { Kernel } from '../../../src-core/kernel/kernel';
import type { Memcg, Mm, Rss } from '../../../src-core/kernel/mm';
import { folioPages, pagesOf, type Page } from '../../../src-core/kernel/page';
import { PMD_PAGES } from '../../../src-core/kernel/page';
import { rowsAt, type Pte } from '../../../src-core/kernel/page-table';
import { HOLE } from '../../../src-core/kernel/pte-tables';
import { entriesOf } from '../../support/page-table-entries';

/** What page tables and caches say about one folio. */
interface Found {
  mappings: number;
  huge: number;
  cached: number;
  readonly places: string[];
  readonly waiting: string[];
}

interface Survey {
  readonly kernel: Kernel;
  readonly folios: Map<Page, Found>;
  readonly perPage: Map<Page, number>;
  /** References of swap slots by page tables and shmem files. */
  readonly slots: Map<number, number>;
  readonly wrong: string[];
}

/**
 * @param held frames that callers hold besides: pinned after their mapping went, in a driver's hands, in flight
 * @param transient references that the caller itself holds now, by folio head (a migration between its phases)
 */
export function checkBooks(
  kernel: Kernel,
  held: Iterable<Page> = [],
  transient: ReadonlyMap<Page, number> = new Map(),
): string[] {
  const survey: Survey = { kernel, folios: new Map(), perPage: new Map(), slots: new Map(), wrong: [] };
  for (const mm of kernel.mms()) surveyMm(survey, mm);
  for (const file of kernel.files) {
    for (const [index, page] of file.cache) {
      const found = foundOf(survey, page.head);
      found.cached++;
      if (page.head.file !== file)
        survey.wrong.push(`page cache of ${file.name} holds ${name(page)}, which is not its`);
      if (page.head.index + page.tail !== index)
        survey.wrong.push(`${name(page)} is cached at ${index} of ${file.name}`);
    }
    for (const slot of file.swapped.values()) survey.slots.set(slot, (survey.slots.get(slot) ?? 0) + 1);
  }
  for (const list of [kernel.lru.inactive, kernel.lru.active, kernel.lru.unevictable])
    for (const head of list) {
      foundOf(survey, head);
      if (!head.onLru) survey.wrong.push(`${name(head)} is on a list of the LRU without its flag`);
    }
  for (const used of kernel.swap.values()) if (used.cached) foundOf(survey, used.cached);
  for (const page of held) foundOf(survey, page.head);
  for (const [head, found] of survey.folios) checkFolio(survey, head, found, transient.get(head) ?? 0);
  checkSwap(survey);
  checkSums(survey);
  return survey.wrong;
}

const name = (page: Page): string => `${page.kind} frame ${page.pfn}`;

function foundOf(survey: Survey, head: Page): Found {
  let found = survey.folios.get(head);
  if (!found) {
    found = { mappings: 0, huge: 0, cached: 0, places: [], waiting: [] };
    survey.folios.set(head, found);
    if (head.free) survey.wrong.push(`${name(head)} is free and in use`);
  }
  return found;
}

function surveyMm(survey: Survey, mm: Mm): void {
  const rss: Rss = { anon: 0, file: 0, shmem: 0, swap: 0 };
  for (const at of mm.pmds.keys()) checkTable(survey, mm, at * PMD_PAGES);
  for (const { vpn, huge, entry } of entriesOf(mm)) {
    checkInVma(survey, mm, vpn, huge ? PMD_PAGES : 1);
    surveyEntry(survey, mm, vpn, huge, entry, rss);
  }
  for (const kind of ['anon', 'file', 'shmem', 'swap'] as const)
    if (rss[kind] !== mm.rss[kind])
      survey.wrong.push(`mm ${mm.id} counts ${mm.rss[kind]} pages as ${kind}, its tables hold ${rss[kind]}`);
  mm.vmas.forEach((vma, i) => {
    const next = mm.vmas[i + 1];
    if (vma.end <= vma.start || (next && next.start < vma.end)) survey.wrong.push(`VMAs at page ${vma.start} overlap`);
  });
}

/** A table is there as long as it has entries, and counts them. */
function checkTable(survey: Survey, mm: Mm, start: number): void {
  const rows = rowsAt(mm, start);
  if (rows < 0) return;
  const { bits, used } = survey.kernel.tables;
  const found = bits.subarray(rows, rows + PMD_PAGES).filter((each) => each !== HOLE).length;
  const counted = used[rows / PMD_PAGES]!;
  if (found !== counted || found === 0) survey.wrong.push(`the table at page ${start} counts ${counted}, has ${found}`);
}

function checkInVma(survey: Survey, mm: Mm, vpn: number, pages: number): void {
  if (!mm.vmas.some((vma) => vma.start <= vpn && vma.end >= vpn + pages))
    survey.wrong.push(`mm ${mm.id} has an entry at page ${vpn}, where no VMA is`);
}

function surveyEntry(survey: Survey, mm: Mm, vpn: number, huge: boolean, entry: Pte, rss: Rss): void {
  const place = `${mm.id}:${vpn}:${huge}`;
  if (entry.state === 'swap') {
    rss.swap++;
    survey.slots.set(entry.slot, (survey.slots.get(entry.slot) ?? 0) + 1);
    return;
  }
  const { page } = entry;
  if (!page) return;
  const { head } = page;
  const found = foundOf(survey, head);
  if (entry.state === 'migration') {
    found.waiting.push(place);
    return;
  }
  found.places.push(place);
  checkEntry(survey, mm, vpn, entry, page);
  if (huge) found.huge++;
  else {
    found.mappings++;
    survey.perPage.set(page, (survey.perPage.get(page) ?? 0) + 1);
  }
  if (head.kind === 'driver' || head.hugetlb) return;
  const kind = head.file ? (head.file.kind === 'shmem' ? 'shmem' : 'file') : 'anon';
  rss[kind] += huge ? folioPages(head) : 1;
}

/** What an entry may say about its page. */
function checkEntry(survey: Survey, mm: Mm, vpn: number, entry: Pte, page: Page): void {
  const where = `the entry at page ${vpn} of mm ${mm.id}`;
  if ((entry.state === 'private') !== (page.kind === 'device-private'))
    survey.wrong.push(`${where} is ${entry.state} and maps a ${page.kind} page`);
  if (entry.state === 'exclusive' && page.kind === 'device-private')
    survey.wrong.push(`${where} is exclusive on ${name(page)}`);
  const vma = mm.vmas.find((each) => each.start <= vpn && vpn < each.end);
  if (!vma) return;
  if (entry.write && vma.prot !== 'rw') survey.wrong.push(`${where} is writable where the VMA is not`);
  // A private mapping writes only to pages that are its own: an anonymous page that nobody else maps.
  if (entry.write && !vma.shared && page.head.anon && !vma.hugetlb && !page.anonExclusive)
    survey.wrong.push(`${where} is writable, but ${name(page)} is not exclusive`);
  if (entry.write && !vma.shared && !page.head.anon && entry.state !== 'special')
    survey.wrong.push(`${where} writes through a private mapping to ${name(page)}`);
}

function checkFolio(survey: Survey, head: Page, found: Found, transient: number): void {
  const say = (text: string): void => {
    survey.wrong.push(`${name(head)} ${text}`);
  };
  if (head.head !== head) say('is used as the head of a folio that it is not');
  if (head.rmap.length !== found.places.length)
    say(`is mapped ${found.places.length} times, rmap has ${head.rmap.length}`);
  const places = new Set(found.places);
  for (const { mm, vpn, huge } of head.rmap)
    if (!places.has(`${mm.id}:${vpn}:${huge}`)) say(`is not mapped at page ${vpn} of mm ${mm.id}, as rmap says`);
  if (head.entireMapcount !== found.huge) say(`has an entire mapcount of ${head.entireMapcount}, not ${found.huge}`);
  for (const page of pagesOf(head)) {
    const mapped = survey.perPage.get(page) ?? 0;
    if (page.mapcount !== mapped) survey.wrong.push(`${name(page)} has a mapcount of ${page.mapcount}, not ${mapped}`);
    if (page.head !== head) say(`has a page of another folio: ${page.pfn}`);
    if (page.anonExclusive && mapped + found.huge > 1) survey.wrong.push(`${name(page)} is exclusive and mapped twice`);
  }
  const waiting = pagesOf(head).reduce((sum, page) => sum + page.waiting.length, 0);
  if (waiting !== found.waiting.length)
    say(`waits at ${waiting} places, ${found.waiting.length} have migration entries`);
  const driver = head.kind === 'driver' ? 1 : 0;
  const expected =
    found.mappings +
    found.huge +
    found.cached +
    (head.swapSlot >= 0 ? 1 : 0) +
    (head.isolated ? 1 : 0) +
    head.pins +
    driver +
    transient;
  if (head.refcount !== expected) say(`has ${head.refcount} references, ${expected} are explained`);
  if (head.longPins > head.pins || head.dmaPins > head.pins || head.longPins < 0) say('has pin counts that disagree');
  if (head.onLru && head.isolated) say('is on the LRU although it is isolated');
  if (head.kind !== 'ram' && head.onLru) say('is on the LRU (R1)');
}

function checkSwap({ kernel, slots, wrong }: Survey): void {
  for (const [slot, used] of kernel.swap) {
    const references = slots.get(slot) ?? 0;
    if (used.references !== references)
      wrong.push(`swap slot ${slot} counts ${used.references} references, ${references} entries name it`);
    if (used.cached && used.cached.swapSlot !== slot) wrong.push(`swap slot ${slot} caches a folio of another slot`);
    if (references === 0 && !used.cached) wrong.push(`swap slot ${slot} is in use for nobody`);
  }
  for (const slot of slots.keys()) if (!kernel.swap.has(slot)) wrong.push(`an entry names the free swap slot ${slot}`);
}

/** Sums over all folios: memory in use by node, charges by memcg, the hugetlb pool. */
function checkSums({ kernel, folios, wrong }: Survey): void {
  const used = kernel.config.nodes.map((_, node) => kernel.kernelPages[node] ?? 0);
  const charged = new Map<Memcg, number>([[kernel.rootMemcg, 0]]);
  for (const mm of kernel.mms()) charged.set(mm.memcg, 0);
  let hugetlb = 0;
  for (const head of folios.keys()) {
    if (head.kind === 'ram') used[head.node] = (used[head.node] ?? 0) + folioPages(head);
    if (head.memcg) charged.set(head.memcg, (charged.get(head.memcg) ?? 0) + folioPages(head));
    if (head.hugetlb) hugetlb++;
  }
  kernel.used.forEach((pages, node) => {
    if (pages !== used[node]) wrong.push(`node ${node} counts ${pages} pages in use, ${used[node] ?? 0} are found`);
  });
  for (const [memcg, pages] of charged)
    if (memcg.charged !== pages)
      wrong.push(`memcg ${memcg.name} is charged ${memcg.charged} pages, its folios are ${pages}`);
  if (kernel.hugetlbFree + hugetlb !== kernel.config.hugetlbPages)
    wrong.push(`${kernel.hugetlbFree} huge pages are free and ${hugetlb} used, of ${kernel.config.hugetlbPages}`);
}
