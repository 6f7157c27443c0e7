/**
 * Reverse map: the page-table entries that map a folio (on its head), and the migration entries that wait for a base page.
 * The kernel finds them through anon_vma and i_mmap; here each frame lists its own. Nearly every frame has one place, which
 * lies in the columns; further ones lie in maps. A list is in the order in which its places came.
 */
import { assert } from '../base/assert';
import { F } from './frame-flags';
import type { Frames } from './frames';
import type { Mm } from './mm';
import type { Mapping } from './page';

interface PlaceKind {
  /** The place in the row is of this kind. */
  readonly own: number;
  /** There are more. */
  readonly more: number;
  readonly listed: (frames: Frames) => Map<number, Mapping[]>;
}

export const MAPS: PlaceKind = { own: F.placeMaps, more: F.moreMaps, listed: (frames) => frames.moreMaps };
export const WAITS: PlaceKind = { own: F.placeWaits, more: F.moreWaits, listed: (frames) => frames.moreWaits };

const EITHER = F.placeMaps | F.placeWaits;

/** Bits of `Frames.placeSpace` that are the id of an address space; those above are the page number beyond 32 bits. */
const SPACE_BITS = 19;
const MAX_SPACES = 2 ** SPACE_BITS;
const PAGE_WORD = 2 ** 32;

/** Writes the place in the row: two words of 32 bits hold 2^19 address spaces of 2^45 pages (57-bit addresses). */
export function setOwnPlace(frames: Frames, pfn: number, mm: Mm, vpn: number): void {
  frames.placeSpace[pfn] = mm.id + Math.floor(vpn / PAGE_WORD) * MAX_SPACES;
  frames.placePage[pfn] = vpn; // modulo 2^32
}

/** Makes the address space known to the rows that are to name it. */
export function knowSpace(frames: Frames, mm: Mm): void {
  assert(mm.id < MAX_SPACES, `a run has at most ${MAX_SPACES} address spaces`);
  frames.mms[mm.id] ??= mm;
}

/** The address space of the place in the row. */
export const ownSpace = (frames: Frames, pfn: number): Mm => frames.mms[frames.placeSpace[pfn]! & (MAX_SPACES - 1)]!;
/** The page of the place in the row. */
export const ownVpn = (frames: Frames, pfn: number): number =>
  (frames.placeSpace[pfn]! >>> SPACE_BITS) * PAGE_WORD + frames.placePage[pfn]!;

const ownPlace = (frames: Frames, pfn: number): Mapping => ({
  mm: ownSpace(frames, pfn),
  vpn: ownVpn(frames, pfn),
  huge: (frames.flags[pfn]! & F.placeHuge) !== 0,
});

/** A copy of the list. */
export function placesOf(frames: Frames, kind: PlaceKind, pfn: number): Mapping[] {
  const flags = frames.flags[pfn]!;
  const more = (flags & kind.more) !== 0 ? kind.listed(frames).get(pfn)! : [];
  return (flags & kind.own) !== 0 ? [ownPlace(frames, pfn), ...more] : [...more];
}

export function countPlaces(frames: Frames, kind: PlaceKind, pfn: number): number {
  const flags = frames.flags[pfn]!;
  const own = (flags & kind.own) !== 0 ? 1 : 0;
  return (flags & kind.more) === 0 ? own : own + kind.listed(frames).get(pfn)!.length;
}

export function addPlace(frames: Frames, kind: PlaceKind, pfn: number, { mm, vpn, huge }: Mapping): void {
  const flags = frames.flags[pfn]!;
  knowSpace(frames, mm);
  if ((flags & (EITHER | kind.more)) === 0) {
    setOwnPlace(frames, pfn, mm, vpn);
    frames.flags[pfn] = (flags & ~F.placeHuge) | kind.own | (huge ? F.placeHuge : 0);
    return;
  }
  if ((flags & kind.more) !== 0) {
    kind.listed(frames).get(pfn)!.push({ mm, vpn, huge });
    return;
  }
  kind.listed(frames).set(pfn, [{ mm, vpn, huge }]);
  frames.flags[pfn] = flags | kind.more;
}

/** The place as it stands in the list of `pfn`: −1 in the row, else its index among the others; null: it is not there. */
function find(frames: Frames, kind: PlaceKind, pfn: number, { mm, vpn, huge }: Mapping): number | null {
  const flags = frames.flags[pfn]!;
  if (
    (flags & kind.own) !== 0 &&
    ownSpace(frames, pfn) === mm &&
    ownVpn(frames, pfn) === vpn &&
    ((flags & F.placeHuge) !== 0) === huge
  )
    return -1;
  if ((flags & kind.more) === 0) return null;
  const at = kind
    .listed(frames)
    .get(pfn)!
    .findIndex((each) => each.mm === mm && each.vpn === vpn && each.huge === huge);
  return at < 0 ? null : at;
}

/** false: the list has no such place. */
export function removePlace(frames: Frames, kind: PlaceKind, pfn: number, place: Mapping): boolean {
  const at = find(frames, kind, pfn, place);
  if (at === null) return false;
  if (at >= 0) {
    dropListed(frames, kind, pfn, at);
    return true;
  }
  frames.flags[pfn] = frames.flags[pfn]! & ~(kind.own | F.placeHuge);
  if ((frames.flags[pfn] & kind.more) === 0) return true;
  const { mm, vpn, huge } = kind.listed(frames).get(pfn)![0]!;
  setOwnPlace(frames, pfn, mm, vpn);
  frames.flags[pfn] = frames.flags[pfn] | kind.own | (huge ? F.placeHuge : 0);
  dropListed(frames, kind, pfn, 0);
  return true;
}

function dropListed(frames: Frames, kind: PlaceKind, pfn: number, at: number): void {
  const list = kind.listed(frames).get(pfn)!;
  list.splice(at, 1);
  if (list.length > 0) return;
  kind.listed(frames).delete(pfn);
  frames.flags[pfn] = frames.flags[pfn]! & ~kind.more;
}

/** mremap: the place is another page now, at the same rank of the list. false: the list has no such place. */
export function movePlace(frames: Frames, pfn: number, { mm, vpn, huge }: Mapping, to: number): boolean {
  const at = find(frames, MAPS, pfn, { mm, vpn, huge });
  if (at === null) return false;
  if (at < 0) setOwnPlace(frames, pfn, mm, to);
  else frames.moreMaps.get(pfn)![at] = { mm, vpn: to, huge };
  return true;
}

/** Whether an address space other than `mm` maps the folio. */
export const isMappedElsewhere = (frames: Frames, pfn: number, mm: Mm): boolean => {
  const flags = frames.flags[pfn]!;
  if ((flags & F.placeMaps) !== 0 && ownSpace(frames, pfn) !== mm) return true;
  return (flags & F.moreMaps) !== 0 && frames.moreMaps.get(pfn)!.some((each) => each.mm !== mm);
};
