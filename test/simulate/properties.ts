/**
 * The ten properties of section 16 of the semantics reference. Each recomputes what it claims from page tables and frames
 * and answers one line per violation. `before` is the survey of the state before the step.
 */
import { folioPages, pagesOf, isDevicePage, type Page } from '../../src-core/kernel/page';
import type { Memcg, Mm } from '../../src-core/kernel/mm';
import { entryAt, pageOf } from '../../src-core/kernel/page-table';
import type { DevicePte, Hold, Mirror, SimDevice } from './driver';
import type { RefPage } from './reference';
import type { Place, Survey } from './survey';
import { readWord, type World } from './world';

interface State {
  readonly world: World;
  readonly before: Survey;
  readonly now: Survey;
  /** Charges of the pages of `before` by space and page number (property 8). */
  readonly charges: Charges;
}

const name = (page: Page): string => `${page.kind} frame ${page.pfn}`;
const where = ({ mm, vpn }: { readonly mm: Mm; readonly vpn: number }): string => `page ${vpn} of mm ${mm.id}`;

/** 1: one valid copy. Every frame that is given out is somebody's, and nothing that is somebody's is free. */
function oneValidCopy({ world, now }: State): string[] {
  const wrong: string[] = [];
  const owned = new Set<Page>();
  const own = (page: Page | null): void => {
    if (page) owned.add(page.head);
  };
  for (const { entry, mm, vpn } of now.places) {
    own(entry.page);
    const { page } = entry;
    if (page?.head.free) wrong.push(`${where({ mm, vpn })} is on ${name(page)}, which is free`);
    if (page && (entry.state === 'private') !== (page.kind === 'device-private') && entry.state !== 'migration')
      wrong.push(`${where({ mm, vpn })} is ${entry.state} on ${name(page)}`);
  }
  for (const file of world.kernel.files) for (const page of file.cache.values()) own(page);
  for (const { cached, data, references } of world.kernel.swap.values()) {
    own(cached);
    if (references === 0 && !cached && data) wrong.push('a swap slot holds bytes of nobody');
  }
  for (const { page } of world.pins) own(page);
  for (const { hold } of world.holds) own(hold.page);
  for (const page of world.jobs) own(page);
  for (const { batch } of world.open) {
    for (const slot of batch.slots) own(slot?.page ?? null);
    for (const page of batch.dst) own(page);
  }
  for (const head of now.heads)
    if (!owned.has(head)) wrong.push(`${name(head)} is given out and nobody's: a second copy`);
  for (const head of owned) if (!now.heads.has(head)) wrong.push(`${name(head)} is in use and was not given out`);
  return wrong;
}

/** 2: RSS is what is mapped, device pages included (R3). */
function residentPages({ world, now }: State): string[] {
  const sums = new Map(world.kernel.mms().map((mm) => [mm, { anon: 0, file: 0, shmem: 0, swap: 0 }]));
  for (const { mm, entry, huge } of now.places) {
    const sum = sums.get(mm)!;
    if (entry.state === 'swap') sum.swap++;
    const head = entry.page?.head;
    if (!head || entry.state === 'migration') continue;
    const kind = !head.file ? 'anon' : head.file.kind === 'shmem' ? 'shmem' : 'file';
    sum[kind] += huge ? folioPages(head) : 1;
  }
  const wrong: string[] = [];
  for (const [mm, sum] of sums)
    for (const kind of ['anon', 'file', 'shmem', 'swap'] as const)
      if (mm.rss[kind] !== sum[kind])
        wrong.push(`mm ${mm.id} counts ${mm.rss[kind]} ${kind} pages, its tables have ${sum[kind]}`);
  return wrong;
}

function* devicePtes(world: World): Generator<readonly [SimDevice, Mirror, number, DevicePte]> {
  for (const device of world.devices)
    for (const mirror of device.mirrors.values())
      for (const [vpn, entry] of mirror.table) yield [device, mirror, vpn, entry];
}

/** 3: no device entry survives an overlapping event of somebody else, and so each says what the CPU's entry says (N1). */
function mirrorsInvalidated({ world }: State): string[] {
  const wrong: string[] = [];
  for (const device of world.devices)
    for (const { mm } of device.mirrors.values())
      if (!mm.alive) wrong.push(`${device.name} still mirrors mm ${mm.id}, which is gone (A7)`);
  for (const [device, { mm }, vpn, entry] of devicePtes(world)) {
    for (const { range, stamp } of world.events) {
      const own = range.owner === device && (range.event === 'MIGRATE' || range.event === 'EXCLUSIVE');
      if (range.mm === mm && !own && entry.stamp < stamp && range.start <= vpn && vpn < range.end)
        wrong.push(`${device.name} kept ${where({ mm, vpn })} over ${range.event}`);
    }
    const found = entryAt(mm, vpn);
    const page = found && pageOf(found.entry, found.huge, vpn);
    if (!found || found.entry.state === 'migration' || page !== entry.page)
      wrong.push(`${device.name} maps ${where({ mm, vpn })} to a page that is not there any more`);
    else if (found.entry.protnone) wrong.push(`${device.name} maps ${where({ mm, vpn })}, which hint scanning closed`);
    else if (page?.kind === 'device-private' && page.pagemap !== device.memory)
      wrong.push(`${device.name} maps ${where({ mm, vpn })} in private memory of another device (T3)`);
    else if (entry.write && !found.entry.write)
      wrong.push(`${device.name} may write ${where({ mm, vpn })}, the CPU not`);
  }
  return wrong;
}

/** 4: migration entries exist only for pages of a migration that is not finished (G21). */
function noMigrationLeft({ world, now }: State): string[] {
  const left = now.places.filter(({ entry }) => entry.state === 'migration');
  if (left.length === 0) return [];
  const inFlight = new Set<Page>();
  for (const { batch } of world.open)
    for (const slot of batch.slots) if (slot?.page) for (const page of pagesOf(slot.page.head)) inFlight.add(page);
  return left
    .filter(({ entry }) => !inFlight.has(entry.page!))
    .map((place) => `${where(place)} still has a migration entry`);
}

/** Transient references by folio head: migrations under way, exclusive holds, jobs of drivers. */
function transientReferences(world: World): Map<Page, number> {
  const sums = new Map<Page, number>();
  const add = (page: Page | null): void => {
    if (page) sums.set(page.head, (sums.get(page.head) ?? 0) + 1);
  };
  for (const { batch } of world.open) {
    for (const slot of batch.slots) add(slot?.page ?? null);
    for (const page of batch.dst) add(page);
  }
  for (const { hold } of world.holds) add(hold.page);
  for (const page of world.jobs) add(page);
  return sums;
}

/** 5: a reference for each mapping and each known holder, no other; at zero a device page is on its chunk's free list. */
function references({ world, now }: State): string[] {
  const wrong: string[] = [];
  const transient = transientReferences(world);
  const inUse = new Set(world.devices.flatMap(({ memory }) => [...memory.inUse]));
  for (const head of now.heads) {
    const cached = head.file ? folioPages(head) : 0;
    const known = now.mapped.get(head)?.length ?? 0;
    const expected = known + cached + (head.swapSlot >= 0 ? 1 : 0) + head.pins + (transient.get(head) ?? 0);
    if (head.refcount !== expected) wrong.push(`${name(head)} has ${head.refcount} references, ${expected} are known`);
    if (isDevicePage(head) && !inUse.has(head)) wrong.push(`${name(head)} is referenced and not in use on its device`);
  }
  for (const { memory } of world.devices) {
    let used = 0;
    for (const head of memory.inUse) {
      used += folioPages(head);
      if (head.free) wrong.push(`${name(head)} is in use and on the free list`);
    }
    if (used !== memory.usedPages) wrong.push(`${memory.name} counts ${memory.usedPages} pages in use, ${used} are`);
  }
  return wrong;
}

/** 6: no anonymous page is lost, and moving or evicting makes no new ones. */
function anonConserved({ world, before, now }: State): string[] {
  const wrong: string[] = [];
  const { destroys, adds } = world.licence;
  for (const [mm, pages] of before.anon) {
    const left = now.anon.get(mm);
    if (!left) continue; // the process is gone
    const space = world.processOf(mm)?.space;
    if (!destroys)
      for (const vpn of pages.keys())
        if (!left.has(vpn) && space?.pages.get(vpn)?.value.mayVanish !== true)
          wrong.push(`${where({ mm, vpn })} is lost`);
    if (adds) continue;
    for (const vpn of left.keys()) if (!pages.has(vpn)) wrong.push(`${where({ mm, vpn })} came from nowhere`);
  }
  return wrong;
}

/** 7: values. What was read in this step, and what every entry holds now, agree with the reference. */
function valuesAgree({ world, now }: State): string[] {
  const wrong = [...world.observations];
  for (const { mm, vpn, entry, huge } of now.places) {
    const space = world.processOf(mm)?.space;
    if (!space || entry.state === 'migration') continue;
    const slot = entry.state === 'swap' ? world.kernel.swap.get(entry.slot) : null;
    for (let i = 0; i < (huge ? 512 : 1); i++) {
      const ref = space.pages.get(vpn + i);
      if (!ref) {
        wrong.push(`${where({ mm, vpn: vpn + i })} is populated, but nothing is mapped there`);
        continue;
      }
      const page = slot ? (slot.cached ?? { data: slot.data }) : pageOf(entry, huge, vpn + i);
      compare(wrong, mm, vpn + i, ref, page);
    }
  }
  for (const { page, value } of world.pins)
    for (let word = 0; word < 2; word++)
      if (value && !value.allows(word, readWord(page, word)))
        wrong.push(`pinned ${name(page)} holds ${readWord(page, word)}, not ${value.toString()}`);
  return wrong;
}

function compare(wrong: string[], mm: Mm, vpn: number, ref: RefPage, page: Pick<Page, 'data'> | null): void {
  for (let word = 0; word < 2; word++) {
    const value = readWord(page, word);
    if (!ref.value.allows(word, value))
      wrong.push(`word ${word} at ${where({ mm, vpn })} is ${value}, not ${ref.value.toString()}`);
  }
}

/** 8: every anonymous page is charged, once, to a cgroup that it keeps wherever it moves (R4). */
function chargesConserved({ world, now, charges }: State): string[] {
  const wrong: string[] = [];
  const sums = new Map<Memcg, number>(world.memcgs.map((memcg) => [memcg, 0]));
  for (const head of now.heads) if (head.memcg) sums.set(head.memcg, (sums.get(head.memcg) ?? 0) + folioPages(head));
  for (const [memcg, sum] of sums)
    if (memcg.charged !== sum) wrong.push(`memcg ${memcg.name} is charged ${memcg.charged}, its pages are ${sum}`);
  for (const [mm, pages] of now.anon)
    for (const [vpn, page] of pages) {
      if (!page || entryAt(mm, vpn)?.entry.state === 'migration') continue;
      if (!page.head.memcg) wrong.push(`${name(page)} at ${where({ mm, vpn })} is charged to nobody`);
      const earlier = charges.get(mm)?.get(vpn);
      if (earlier && earlier !== page.head.memcg && !world.licence.recharges)
        wrong.push(`${where({ mm, vpn })} was charged to ${earlier.name} and is not any more`);
    }
  return wrong;
}

type Charges = ReadonlyMap<Mm, ReadonlyMap<number, Memcg | null>>;

/**
 * What the pages of a survey are charged to, for the next step; a page in flight to what it was charged to before. KSM
 * pages are left out: they are charged to the first user.
 */
export function chargesOf(state: Survey, earlier: Charges): Charges {
  const all = new Map<Mm, Map<number, Memcg | null>>();
  for (const [mm, pages] of state.anon) {
    const own = new Map<number, Memcg | null>();
    for (const [vpn, page] of pages)
      if (page && !page.head.ksm) own.set(vpn, page.head.memcg ?? earlier.get(mm)?.get(vpn) ?? null);
    all.set(mm, own);
  }
  return all;
}

/** 9: unplug ends if, and only if, nobody holds a page of the device (E2); a full host is the other reason to stay (R5). */
function unplugTerminates({ world }: State): string[] {
  const wrong: string[] = [];
  for (const [{ name: device, memory }, left] of world.leaving)
    for (const head of memory.inUse)
      if (!left.has(head)) wrong.push(`${name(head)} was given out by ${device} after it was unplugged`);
  if (!world.unplugged) return wrong;
  const { device, stayed, ramFull } = world.unplugged;
  const { memory } = device;
  for (const head of stayed)
    if (!world.isHeld(head) && !ramFull) wrong.push(`${name(head)} stayed on ${device.name}, and nobody holds it`);
  if (stayed.length === 0)
    for (const head of memory.inUse) wrong.push(`${device.name} is gone and ${name(head)} is still in use`);
  for (const head of memory.inUse)
    if (world.isHeld(head) && !stayed.includes(head))
      wrong.push(`${name(head)} is held, but unplug did not wait for it`);
  return wrong;
}

/** 10: where an exclusive entry stands no CPU maps the page, and one device at most has atomic access. */
function exclusiveAccess({ world, now }: State): string[] {
  const wrong: string[] = [];
  for (const place of now.places) {
    if (place.entry.state !== 'exclusive') continue;
    for (const other of now.mapped.get(place.entry.page!.head) ?? [])
      if (other !== place && other.entry.page === place.entry.page)
        wrong.push(`${where(place)} is exclusive to a device, and mapped at ${where(other)}`);
  }
  const holders = new Map<Page, Place | string>();
  for (const [device, { mm }, vpn, { page, atomic }] of devicePtes(world)) {
    if (!page) continue;
    if (atomic) {
      const found = entryAt(mm, vpn);
      if (found?.entry.state !== 'exclusive')
        wrong.push(`${device.name} has atomic access to ${where({ mm, vpn })}, the CPU has it too`);
      if (holders.has(page)) wrong.push(`two devices have atomic access to ${name(page)}`);
      holders.set(page, device.name);
    }
  }
  for (const [device, { mm }, vpn, { page, atomic }] of devicePtes(world))
    if (page && !atomic && holders.has(page))
      wrong.push(`${device.name} maps ${where({ mm, vpn })}, which is exclusive to another`);
  for (const { device, hold, lost } of world.holds)
    if (!lost && !isExclusive(hold)) wrong.push(`${device.name} lost ${where(hold)} before it let go (X3)`);
  return wrong;
}

/** The page of a hold is still locked, and exclusive where it was taken. */
export function isExclusive({ mm, vpn, page }: Hold): boolean {
  const entry = entryAt(mm, vpn)?.entry;
  return page.head.locked && entry?.state === 'exclusive' && entry.page === page;
}

export const PROPERTIES = {
  oneValidCopy,
  residentPages,
  mirrorsInvalidated,
  noMigrationLeft,
  references,
  anonConserved,
  valuesAgree,
  chargesConserved,
  unplugTerminates,
  exclusiveAccess,
} satisfies Record<string, (state: State) => string[]>;
export type PropertyName = keyof typeof PROPERTIES;
