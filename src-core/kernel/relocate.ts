/** Replaces the frame of a base page with one mapping and no other reference; works on the columns, without handles. */
import { DEVICE_PRIVATE, F, RAM } from './frame-flags';
import type { Kernel } from './kernel';
import { P, PRESENT, PRIVATE } from './pte-tables';

/** Flags that must be as in PLAIN. */
const LOOKED_AT =
  F.large |
  F.tail |
  F.poisoned |
  F.isolated |
  F.writeback |
  F.anon |
  F.hugetlb |
  F.free |
  F.pinned |
  F.placeMaps |
  F.placeWaits |
  F.placeHuge |
  F.moreMaps |
  F.moreWaits;
const PLAIN = F.anon | F.placeMaps;
/** Flags that go with the bytes. */
const CARRIED = F.anonExclusive | F.dirty | F.active | F.referenced | F.mlocked | F.lazyFree | F.ksm;

/**
 * Anonymous, of order 0, mapped by one PTE, neither pinned, locked nor in a cache: RAM on the LRU, or a page of a device.
 * @param isFault the fault path holds one reference more, and in profile-cur the lock
 */
export function movesPlainly(kernel: Kernel, frame: number, isFault: boolean): boolean {
  const { flags, refs, mapcount, swapSlot } = kernel.frames;
  const has = flags[frame]!;
  if ((has & LOOKED_AT) !== PLAIN || mapcount[frame] !== 1 || refs[frame] !== (isFault ? 2 : 1)) return false;
  if (((has & F.locked) !== 0) !== (isFault && kernel.config.profile === 'cur')) return false;
  const kind = has & F.kind;
  if (kind === RAM ? (has & F.onLru) === 0 : kind !== DEVICE_PRIVATE) return false;
  return kernel.swap.size === 0 || swapSlot.get(frame) < 0;
}

/**
 * `to` (fresh, with one reference) takes over mapping, flags and charge of `from`, whose mapping's reference becomes the
 * caller's to put. `row` is that of the PTE.
 */
export function relocate(kernel: Kernel, from: number, to: number, row: number, isFault: boolean): void {
  const { frames, tables } = kernel;
  const { flags, mapcount, memcg, placeSpace, placePage, index } = frames;
  kernel.lru.remove(from);
  const entry = tables.bits[row]!;
  const carried = (flags[from]! & CARRIED) | ((entry & P.dirty) !== 0 ? F.dirty : 0);
  const kind = flags[to]! & F.kind;
  flags[to] = kind | F.anon | F.placeMaps | carried;
  mapcount[to] = 1;
  memcg[to] = memcg[from]!;
  placeSpace[to] = placeSpace[from]!;
  placePage[to] = placePage[from]!;
  const place = index.get(from);
  if (place !== 0) index.set(to, place);
  tables.value[row] = to;
  tables.bits[row] =
    kind === DEVICE_PRIVATE
      ? PRIVATE | (entry & P.write) | ((carried & F.anonExclusive) !== 0 ? P.exclusive : 0)
      : PRESENT | (entry & (P.write | P.dirty | P.young));
  kernel.lru.add(to);
  memcg[from] = 0;
  mapcount[from] = 0;
  flags[from] = flags[from]! & ~(F.placeMaps | F.anonExclusive | (isFault ? 0 : F.locked));
}
