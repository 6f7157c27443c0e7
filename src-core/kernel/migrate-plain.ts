/**
 * migrate_vma for ranges in which nothing is special: base pages of one address space without other mappings, pins or
 * locks, holes of anonymous memory, and room for all of them. Nothing can be refused in such a range, so the phases of
 * migrate-vma.ts become loops over the columns, with one report of changed entries per run. What happens, and in which
 * order (what holes become comes before what moves), is the same; a test compares the two.
 */
import type { DeviceMemory } from './device-chunks';
import { F, RAM } from './frame-flags';
import type { Kernel } from './kernel';
import { movesPlainly, relocate } from './relocate';
import { canWrite, isAnonymous, isSpecial, vmaAt, type Mm, type Vma } from './mm';
import { invalidate, type Owner } from './notifier';
import { PMD_PAGES } from './page';
import { entriesChanged, pmdKind, pmdStart, rowsAt, rowsFor } from './page-table';
import { HOLE, MIGRATION, P, PRESENT, PRIVATE, ZERO } from './pte-tables';
import { knowSpace, setOwnPlace } from './places';

/** A move of pages [start, end) to a device's memory, or from there to RAM of node 0. */
export interface PlainMove {
  readonly mm: Mm;
  readonly start: number;
  readonly end: number;
  readonly device: DeviceMemory;
  readonly direction: 'to-device' | 'to-host';
  readonly owner: Owner;
  /** As in MigrateSelect. */
  readonly compound: boolean;
  /** Frame whose fault is served, with a reference, and in profile-cur the lock, of the fault path; −1: none. */
  readonly faultFrame: number;
  /** Every page of the range has to be one that moves or a hole. */
  readonly whole: boolean;
  /** Of the pages on the device, those that the driver moves; null: all. */
  readonly picks: ((frame: number) => boolean) | null;
}

/** In the list of sources: a page that stays, and a hole. */
const STAYS = -1;
const FILLS = -2;

interface Collected {
  readonly from: Int32Array;
  pages: number;
  holes: number;
}

/** Moves the pages. Returns how many arrived, or null if the range is not plain; nothing was done then. */
export function migratePlain(kernel: Kernel, move: PlainMove): number | null {
  const { mm, start, end, owner } = move;
  const vma = vmaAt(mm, start);
  if (!vma || end <= start || end > vma.end || vma.hugetlb || isSpecial(vma) || vma.dax || kernel.config.contents)
    return null;
  const found: Collected = { from: new Int32Array(end - start).fill(STAYS), pages: 0, holes: 0 };
  if (!collectPlain(kernel, move, vma, found) || !hasRoom(kernel, move, vma, found)) return null;
  invalidate(mm, start, end, 'MIGRATE', () => undefined, owner);
  const to = allocate(kernel, move, found.from);
  const firstHole = found.holes > 0 ? found.from.indexOf(FILLS) : -1;
  if (firstHole >= 0)
    invalidate(
      mm,
      start + firstHole,
      end,
      'MIGRATE',
      () => {
        fillHoles(kernel, move, vma, found.from, to);
      },
      owner,
    );
  if (found.pages > 0) movePages(kernel, move, found.from, to);
  return found.pages + found.holes;
}

/** false: something in the range is special. */
function collectPlain(kernel: Kernel, move: PlainMove, vma: Vma, found: Collected): boolean {
  const { mm, start, end } = move;
  for (let vpn = start; vpn < end;) {
    const next = Math.min(end, pmdStart(vpn) + PMD_PAGES);
    const kind = pmdKind(mm, vpn);
    if (kind === 'huge') return false;
    if (kind === 'table') {
      if (!collectTable(kernel, move, vma, vpn, next, found)) return false;
    } else if (isAnonymous(vma)) {
      if (move.compound && kernel.config.profile === 'cur' && next - vpn === PMD_PAGES) return false; // moves whole
      found.from.fill(FILLS, vpn - start, next - start);
      found.holes += next - vpn;
    }
    vpn = next;
  }
  return !move.whole || found.pages + found.holes === end - start;
}

function collectTable(kernel: Kernel, move: PlainMove, vma: Vma, from: number, to: number, found: Collected): boolean {
  const { mm, start, direction, owner, picks, faultFrame } = move;
  const { value, bits } = kernel.tables;
  const { frames } = kernel;
  const first = rowsAt(mm, from) - pmdStart(from);
  const fills = isAnonymous(vma);
  const toDevice = direction === 'to-device';
  for (let vpn = from; vpn < to; vpn++) {
    const row = first + vpn;
    const state = bits[row]! & P.state;
    if (state === HOLE ? fills : state === ZERO && toDevice) {
      found.from[vpn - start] = FILLS;
      found.holes++;
      continue;
    }
    if (state === MIGRATION) return false;
    if (state !== (toDevice ? PRESENT : PRIVATE)) continue;
    const frame = value[row]!;
    if (toDevice && (frames.flags[frame]! & F.kind) !== RAM) return false;
    if (!toDevice && frames.owner(frame).pagemap!.owner !== owner) continue;
    if (!movesPlainly(kernel, frame, frame === faultFrame)) return false;
    if (picks && !picks(frame)) continue;
    found.from[vpn - start] = frame;
    found.pages++;
  }
  return true;
}

/** Room for every page without reclaim, at the destination and in the process's memcg; holes take new charges. */
function hasRoom(kernel: Kernel, { mm, device, direction }: PlainMove, vma: Vma, { pages, holes }: Collected): boolean {
  if (holes > 0 && (!mm.alive || vma.uffdMissing || mm.memcg.charged + holes > mm.memcg.limitPages)) return false;
  return direction === 'to-device' ? device.freePages() >= pages + holes : kernel.hasRoom(0, pages + holes);
}

function allocate(kernel: Kernel, { device, direction }: PlainMove, from: Int32Array): Int32Array {
  const to = new Int32Array(from.length).fill(STAYS);
  for (let i = 0; i < from.length; i++)
    if (from[i] !== STAYS) to[i] = direction === 'to-device' ? device.allocFrames(0) : kernel.allocFrames(0, 0);
  return to;
}

/** New pages of zeros where nothing is (G17), in runs. */
function fillHoles(
  kernel: Kernel,
  { mm, start, direction }: PlainMove,
  vma: Vma,
  from: Int32Array,
  to: Int32Array,
): void {
  vma.hasAnon = true;
  const memcg = kernel.frames.memcgIndex(mm.memcg);
  knowSpace(kernel.frames, mm);
  const write = canWrite(vma) ? P.write : 0;
  const entry =
    direction === 'to-device' ? PRIVATE | write | P.exclusive : PRESENT | write | (write ? P.dirty : 0) | P.young;
  overRuns(from, start, FILLS, (first, end) => {
    const rows = rowsFor(mm, first) - pmdStart(first);
    const { value, bits, used } = kernel.tables;
    const { flags, mapcount } = kernel.frames;
    const leaf = Math.floor(rowsAt(mm, first) / PMD_PAGES);
    for (let vpn = first; vpn < end; vpn++) {
      const frame = to[vpn - start]!;
      if (bits[rows + vpn] === HOLE) used[leaf] = used[leaf]! + 1;
      flags[frame] = (flags[frame]! & F.kind) | F.anon | F.anonExclusive | F.placeMaps;
      mapcount[frame] = 1;
      kernel.frames.memcg[frame] = memcg;
      setOwnPlace(kernel.frames, frame, mm, vpn);
      value[rows + vpn] = frame;
      bits[rows + vpn] = entry;
      kernel.lru.add(frame);
    }
    mm.memcg.charged += end - first;
    mm.rss.anon += end - first;
    entriesChanged(mm, first, end - first);
  });
}

function movePages(kernel: Kernel, { mm, start, faultFrame }: PlainMove, from: Int32Array, to: Int32Array): void {
  overRuns(from, start, STAYS + 1, (first, end) => {
    const rows = rowsAt(mm, first) - pmdStart(first);
    for (let vpn = first; vpn < end; vpn++) {
      const source = from[vpn - start]!;
      relocate(kernel, source, to[vpn - start]!, rows + vpn, source === faultFrame);
    }
    entriesChanged(mm, first, end - first);
    for (let vpn = first; vpn < end; vpn++) kernel.putFrame(from[vpn - start]!);
  });
}

/** Runs of holes (FILLS) or of pages (0), each within one PTE table. */
function overRuns(from: Int32Array, start: number, what: number, each: (first: number, end: number) => void): void {
  const isOne = (i: number): boolean => (what === FILLS ? from[i] === FILLS : from[i]! >= 0);
  for (let i = 0; i < from.length;) {
    if (!isOne(i)) {
      i++;
      continue;
    }
    const first = i;
    const border = pmdStart(start + i) + PMD_PAGES - start;
    while (i < from.length && i < border && isOne(i)) i++;
    each(start + first, start + i);
  }
}
