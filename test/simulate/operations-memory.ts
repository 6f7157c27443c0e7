/** System calls and accesses of the CPUs: each does the step in the kernel, and the same in the reference. */
import { ADVICE } from '../../src-core/model/os-action';
import { accessRead, accessWrite } from '../../src-core/kernel/access';
import type { FaultResult } from '../../src-core/kernel/errno';
import { exec, exit, fork } from '../../src-core/kernel/fork';
import { madvise } from '../../src-core/kernel/madvise';
import { mlock, munlock } from '../../src-core/kernel/mlock';
import { vmaAt } from '../../src-core/kernel/mm';
import { mmap, mprotect, munmap } from '../../src-core/kernel/mmap';
import { mremap } from '../../src-core/kernel/mremap';
import { entryAt } from '../../src-core/kernel/page-table';
import { cpuPage } from './driver';
import { RefFile, RefSpace } from './reference';
import { wordAddress, wordBytes, wordOf, type SimProcess, type World } from './world';

export interface Range {
  readonly owner: SimProcess;
  readonly start: number;
  readonly end: number;
}

const MOST_PROCESSES = 5;
const HUGE = 512;

/**
 * A mapped page and the mapped pages after it, at most `most`. Often where the last one was, in the same process or in
 * another that may share it: what goes wrong needs several things to happen to one page.
 */
export function pickRange(world: World, most: number): Range | null {
  const owner = world.pick(world.processes);
  const again = world.lastPage !== null && world.chance(40) && owner?.space.pages.has(world.lastPage) === true;
  const start = again ? world.lastPage! : owner && world.pick([...owner.space.pages.keys()]);
  if (owner === undefined || start === undefined) return null;
  world.lastPage = start;
  const limit = start + 1 + world.random.below(most);
  let end = start + 1;
  while (end < limit && owner.space.pages.has(end)) end++;
  return { owner, start, end };
}

/** 2 MiB that a PMD entry may map: aligned, and inside one VMA. Only large worlds have some. */
export function pickHuge(world: World): Range | null {
  const owner = world.pick(world.processes);
  const page = owner && world.pick([...owner.space.pages.keys()]);
  if (!world.isLarge || owner === undefined || page === undefined) return null;
  const start = page - (page % HUGE);
  const vma = vmaAt(owner.process.mm, start);
  return vma && vma.end >= start + HUGE ? { owner, start, end: start + HUGE } : null;
}

/** The mmap lock is held for reading while a migrate_vma of this space is under way: nothing that writes it can run. */
export const isBusy = (world: World, owner: SimProcess): boolean =>
  world.open.some((each) => each.owner === owner && each.args !== null);

export const pagesIn = ({ owner, start, end }: Range): readonly number[] =>
  Array.from({ length: end - start }, (_, i) => start + i).filter((vpn) => owner.space.pages.has(vpn));

/** Was this a legal answer to an access that does not succeed? */
export function judge(world: World, owner: SimProcess, vpn: number, write: boolean, result: string, who: string): void {
  const expected = owner.space.outcome(vpn, write);
  world.count(`${who}-${result}`);
  if (result === expected) return;
  if (expected === 'ok') {
    if (result === 'oom') return; // counted; system.test.ts bounds how often
    if (result === 'blocked' && isWaitedFor(world, owner, vpn)) return;
  }
  // Devices find a page in flight before they find out about rights, and know one kind of failure.
  if (result === 'blocked' && who.startsWith('device') && isWaitedFor(world, owner, vpn)) return;
  if (result === 'fault' && expected !== 'ok') return;
  if (result === 'oom' && expected === 'sigbus') return;
  const rights = `${who} ${write ? 'write' : 'read'} of page ${vpn} of mm ${owner.process.mm.id}`;
  world.wrong(`${rights} ended as ${result}, not ${expected}`);
}

/** Somebody holds, locks or moves the page, in the page table or in a cache, so an access may wait. */
function isWaitedFor(world: World, { process: { mm } }: SimProcess, vpn: number): boolean {
  const entry = entryAt(mm, vpn)?.entry;
  const vma = vmaAt(mm, vpn);
  const pages = [
    cpuPage(mm, vpn),
    entry?.state === 'swap' ? world.kernel.swap.get(entry.slot)?.cached : null,
    vma?.file?.cache.get(vma.fileOffset + vpn - vma.start),
  ];
  return pages.some((page) => page && world.isHeld(page));
}

/** The second word of a file's last page may lie beyond the end of the file, where nobody writes. */
export function wordFor(world: World, owner: SimProcess, vpn: number): number {
  const page = owner.space.pages.get(vpn);
  const beyond = page?.file && page.index === page.file.length - 1 && page.file.bytes % 4096 !== 0;
  return beyond === true ? 0 : world.random.below(2);
}

export function cpuRead(world: World, owner: SimProcess, vpn: number): FaultResult {
  const word = world.random.below(2);
  const { result, data } = accessRead(world.kernel, owner.process.mm, wordAddress(vpn, word), 3);
  judge(world, owner, vpn, false, result, 'cpu-read');
  const page = owner.space.pages.get(vpn);
  if (data && page && !page.value.observe(word, wordOf(data)))
    world.wrong(`a CPU read ${wordOf(data)} from word ${word} of page ${vpn}, not ${page.value.toString()}`);
  return result;
}

export function cpuWrite(world: World, owner: SimProcess, vpn: number, value = world.value()): FaultResult {
  const word = wordFor(world, owner, vpn);
  const { result } = accessWrite(world.kernel, owner.process.mm, wordAddress(vpn, word), wordBytes(value));
  judge(world, owner, vpn, true, result, 'cpu-write');
  const page = owner.space.pages.get(vpn);
  if (result === 'ok') page?.value.write(word, value);
  else page?.value.mayHaveBecomeOwn();
  return result;
}

export function cpuAccess(world: World): void {
  const range = pickRange(world, 12);
  if (!range) return;
  const write = world.chance(60);
  for (const vpn of pagesIn(range)) {
    const result = write ? cpuWrite(world, range.owner, vpn) : cpuRead(world, range.owner, vpn);
    if (result === 'oom' && world.chance(40)) {
      oomKill(world);
      return;
    }
  }
}

/** An address that nobody mapped, or a wrong right: SIGSEGV. */
export function wildAccess(world: World): void {
  const owner = world.pick(world.processes)!;
  cpuRead(world, owner, 1000 + world.random.below(50));
}

/** The OOM killer takes the largest process. */
function oomKill(world: World): void {
  const size = (each: SimProcess): number => each.process.mm.rss.anon + each.process.mm.rss.swap;
  const victim = [...world.processes].sort((a, b) => size(b) - size(a))[0];
  if (!victim) return;
  endProcess(world, victim, 'SIGKILL');
  world.count('oom-kill');
}

function endProcess(world: World, owner: SimProcess, signal: string | null): void {
  world.licence.destroys = true;
  exit(world.kernel, owner.process, 0, signal ?? undefined);
  world.processes.splice(world.processes.indexOf(owner), 1);
  if (world.processes.length === 0) world.spawn();
}

export function doExit(world: World): void {
  const owner = world.pick(world.processes)!;
  if (world.processes.length < 2) return;
  endProcess(world, owner, null);
  world.count('exit');
}

export function doExec(world: World): void {
  const owner = world.pick(world.processes)!;
  if (isBusy(world, owner)) return;
  world.licence.destroys = true;
  exec(world.kernel, owner.process);
  owner.space = new RefSpace();
  world.count('exec');
}

export function doFork(world: World): void {
  const owner = world.pick(world.processes)!;
  if (isBusy(world, owner) || world.processes.length >= MOST_PROCESSES) return;
  world.licence.restores = true;
  const process = fork(world.kernel, owner.process, world.name());
  if (process.exited) {
    world.count('fork-failed');
    return;
  }
  world.processes.push({ process, space: owner.space.fork() });
  world.count('fork');
}

/**
 * Returns what was mapped.
 * @param large private anonymous memory with room for a PMD entry
 */
export function doMmap(world: World, large = world.isLarge && world.chance(40)): Range | null {
  const owner = world.pick(world.processes)!;
  if (isBusy(world, owner) || owner.space.pages.size > (world.isLarge ? 2500 : 120)) return null;
  const file = !large && world.chance(35) ? world.pick(world.files)! : null;
  const shared = !large && world.chance(file ? 60 : 25);
  const most = file ? Math.max(1, file.ref.length) : world.chance(50) ? 8 : 40;
  const pages = large ? HUGE + world.random.below(HUGE) : 1 + world.random.below(most);
  const fileOffset = file ? world.random.below(4) : 0;
  const over = world.chance(10) ? (world.pick([...owner.space.pages.keys()]) ?? null) : null;
  if (over !== null) world.licence.destroys = true;
  const options = { start: over, pages, prot: 'rw' as const, shared, file: file?.inode ?? null, fileOffset };
  const { ret, start } = mmap(world.kernel, owner.process, large ? { ...options, align: HUGE } : options);
  if (ret !== null) {
    world.wrong(`mmap answered ${ret}`);
    return null;
  }
  const ref = file?.ref ?? (shared ? new RefFile('anon-shared', pages * 4096) : null);
  owner.space.unmap(start, start + pages);
  owner.space.map(start, pages, 'rw', shared, ref, fileOffset);
  world.count(file ? 'mmap-file' : shared ? 'mmap-shared' : 'mmap-anon');
  if (large) madvise(world.kernel, owner.process.mm, start, start + pages, 'hugepage');
  return { owner, start, end: start + pages };
}

export function doMunmap(world: World): void {
  const range = pickRange(world, world.chance(30) ? 40 : 8);
  if (!range || isBusy(world, range.owner)) return;
  world.licence.destroys = true;
  const ret = munmap(world.kernel, range.owner.process.mm, range.start, range.end);
  if (ret !== null) world.wrong(`munmap answered ${ret}`);
  range.owner.space.unmap(range.start, range.end);
  world.count('munmap');
}

export function doMprotect(world: World): void {
  const range = pickRange(world, 20);
  if (!range || isBusy(world, range.owner)) return;
  const prot = world.pick(['none', 'r', 'rw', 'rw'] as const)!;
  const ret = mprotect(world.kernel, range.owner.process.mm, range.start, range.end, prot);
  if (ret !== null) world.wrong(`mprotect answered ${ret}`);
  for (const vpn of pagesIn(range)) range.owner.space.pages.get(vpn)!.prot = prot;
  world.count('mprotect');
}

export function doMremap(world: World): void {
  const range = (world.chance(40) ? pickHuge(world) : null) ?? pickRange(world, 20);
  if (!range || isBusy(world, range.owner)) return;
  const { owner, start, end } = range;
  const dontUnmap = world.chance(25);
  const fixed = world.chance(30);
  const pages = end - start;
  const newPages = dontUnmap || world.chance(60) ? pages : 1 + world.random.below(30);
  const to = fixed ? 2_000_000 + HUGE * world.random.below(20) + (world.chance(50) ? 0 : 3) : null;
  world.licence.destroys = true;
  const { ret, start: at } = mremap(
    world.kernel,
    owner.process.mm,
    start,
    pages,
    to,
    { mayMove: true, fixed, dontUnmap },
    newPages,
  );
  if (ret !== null) {
    world.count(`mremap-${ret}`);
    return;
  }
  if (at === start) {
    owner.space.unmap(start + newPages, end);
    if (newPages > pages) growInPlace(owner.space, start, pages, newPages);
  } else owner.space.move(start, pages, at, newPages, dontUnmap);
  world.count(at === start ? 'mremap-in-place' : 'mremap-moved');
}

function growInPlace(space: RefSpace, start: number, pages: number, newPages: number): void {
  const last = space.pages.get(start + pages - 1)!;
  const { prot, shared, file, index } = last;
  space.map(start + pages, newPages - pages, prot, shared, file, index + 1);
  for (let vpn = start + pages; vpn < start + newPages; vpn++) space.pages.get(vpn)!.locked = last.locked;
}

export function doMadvise(world: World): void {
  const range = (world.chance(50) ? pickHuge(world) : null) ?? pickRange(world, 16);
  if (!range) return;
  const { owner, start, end } = range;
  const isHuge = end - start === HUGE && start % HUGE === 0;
  const advice = isHuge && world.chance(25) ? 'collapse' : world.pick(ADVICE)!;
  const reads = advice === 'dontneed' || advice === 'free' || advice === 'cold' || advice === 'pageout';
  if (!reads && isBusy(world, owner)) return;
  if (advice === 'dontneed' || advice === 'free') world.licence.destroys = true;
  const ret = madvise(world.kernel, owner.process.mm, start, end, advice);
  if (advice === 'dontneed')
    forgetPages(
      range,
      () => true,
      (vpn) => owner.space.reset(vpn),
    );
  else if (advice === 'free')
    forgetPages(
      range,
      (vpn) => owner.space.pages.get(vpn)!.file === null,
      (vpn) => owner.space.pages.get(vpn)!.value.free(),
    );
  else if (advice === 'populate-write')
    for (const vpn of pagesIn(range)) {
      const { value } = owner.space.pages.get(vpn)!;
      if (ret !== null) value.mayHaveBecomeOwn();
      else if (value.link) value.becomeOwn();
    }
  world.count(`madvise-${advice}${ret === null ? '' : '-refused'}`);
}

/** Advice that loses contents goes from VMA to VMA, and stops at the first that refuses: locked, or the wrong kind. */
function forgetPages(range: Range, fits: (vpn: number) => boolean, each: (vpn: number) => void): void {
  for (const vpn of pagesIn(range)) {
    if (range.owner.space.pages.get(vpn)!.locked || !fits(vpn)) return;
    each(vpn);
  }
}

export function doMlock(world: World): void {
  const range = pickRange(world, 8);
  if (!range || isBusy(world, range.owner)) return;
  const { owner, start, end } = range;
  const lock = world.chance(50);
  const ret = (lock ? mlock : munlock)(world.kernel, owner.process.mm, start, end);
  for (const vpn of pagesIn(range)) owner.space.pages.get(vpn)!.locked = lock;
  world.count(`${lock ? 'mlock' : 'munlock'}${ret === null ? '' : '-refused'}`);
}
