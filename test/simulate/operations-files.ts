/** Files, pins, KSM and reclaim. */
import { gup, ungup } from '../../src-core/kernel/gup';
import { ksmScan } from '../../src-core/kernel/ksm';
import { madvise } from '../../src-core/kernel/madvise';
import { fileRead, fileWrite, truncate, writeback } from '../../src-core/kernel/page-cache';
import { cpuPage } from './driver';
import { cpuWrite, isBusy, pagesIn, pickRange } from './operations-memory';
import { readWord, wordBytes, wordOf, writeWord, type SimFile, type World } from './world';

const isInFlight = (world: World, { inode }: SimFile): boolean =>
  [...inode.cache.values()].some((page) => page.head.locked) ||
  world.open.some(({ batch }) => batch.slots.some((slot) => slot?.page?.head.file === inode));

export function fileAccess(world: World): void {
  const file = world.pick(world.files)!;
  if (file.ref.length === 0) return;
  const index = world.random.below(file.ref.length);
  const at = index * 4096;
  if (world.chance(50)) {
    const data = fileRead(world.kernel, file.inode, at, 3);
    world.count(data ? 'file-read' : 'file-read-oom');
    if (data && data.length === 3 && !file.ref.page(index).observe(0, wordOf(data)))
      world.wrong(
        `read() of page ${index} of ${file.ref.name} gave ${wordOf(data)}, not ${file.ref.page(index).toString()}`,
      );
    return;
  }
  const value = world.value();
  if (fileWrite(world.kernel, file.inode, at, wordBytes(value)) !== null) {
    world.count('file-write-oom');
    return;
  }
  file.ref.bytes = Math.max(file.ref.bytes, at + 3);
  file.ref.page(index).write(0, value);
  world.count('file-write');
}

export function doTruncate(world: World): void {
  const file = world.pick(world.files)!;
  if (isInFlight(world, file)) return;
  const bytes = world.random.below(12) * 4096 + (world.chance(30) ? 64 : 0);
  world.licence.destroys = true;
  truncate(world.kernel, file.inode, bytes);
  file.ref.truncate(bytes);
  for (const { space } of world.processes) space.truncated(file.ref);
  world.count('truncate');
}

export function doWriteback(world: World): void {
  const file = world.pick(world.files)!;
  world.count('written-back', writeback(world.kernel, file.inode, 0, 1000));
}

/** memory pressure: the host's pages are reclaimed, cold or not. */
export function pressure(world: World): void {
  const before = world.kernel.counters.swapOuts;
  const pages = 1 + world.random.below(30);
  if (world.kernel.reclaim(0, pages, world.chance(30) ? world.memcgs[1]! : null)) world.count('reclaimed', pages);
  world.count('swapped-out', world.kernel.counters.swapOuts - before);
}

export function pin(world: World): void {
  const range = pickRange(world, 1);
  if (!range || world.pins.length > 12) return;
  const { owner, start: vpn } = range;
  const flags = { write: world.chance(60), pin: world.chance(80), longTerm: world.chance(35), fast: false };
  const { mm } = owner.process;
  const ref = owner.space.pages.get(vpn)!;
  const before = cpuPage(mm, vpn);
  const { ret, page } = gup(world.kernel, mm, vpn, flags);
  if (ret !== null) {
    if (flags.write || flags.longTerm) ref.value.mayHaveBecomeOwn();
    const shared = ref.shared && ref.file !== null && flags.write && flags.longTerm && flags.pin;
    const outcome = owner.space.outcome(vpn, flags.write);
    if (ret === 'EFAULT' && outcome === 'ok' && !shared && !(before && world.isHeld(before)))
      world.wrong(`a pin of page ${vpn} of mm ${mm.id} answered EFAULT`);
    world.count(`pin-refused-${ret}`);
    return;
  }
  // A write, and a long-term pin of a private mapping, break copy-on-write before the page is taken.
  if (ref.value.link && (flags.write || (flags.pin && flags.longTerm))) ref.value.becomeOwn();
  if (!page) return;
  if (
    flags.longTerm &&
    (page.kind === 'device-coherent' || world.kernel.config.nodes[page.head.node]?.movable === true)
  )
    world.wrong(`a long-term pin of page ${vpn} of mm ${mm.id} took a page that has to be movable`);
  const { link } = ref.value;
  // A private mapping that still shows the file's page: the pin is one of the file.
  const ofFile = link && page.head.file ? link.file.page(link.index) : ref.value;
  world.pins.push({ page, flags, value: flags.pin ? ofFile : null });
  world.count(flags.longTerm ? 'pin-long' : 'pin-short');
  if (before && before !== page && before.kind !== 'ram') world.count('pin-left-device');
}

export function unpin(world: World): void {
  if (world.pins.length === 0) return;
  const [pinned] = world.pins.splice(world.random.below(world.pins.length), 1);
  ungup(world.kernel, pinned!.page, pinned!.flags);
  world.count('unpin');
}

/** A transfer through a pin: the device that the pin is for reads or writes the frame itself. */
export function dma(world: World): void {
  const pinned = world.pick(world.pins);
  if (!pinned?.value) return;
  if (pinned.flags.write && world.chance(60)) {
    const value = world.value();
    writeWord(pinned.page, 0, value);
    pinned.value.write(0, value);
    world.count('dma-write');
    return;
  }
  const value = readWord(pinned.page, 0);
  if (!pinned.value.observe(0, value)) world.wrong(`DMA read ${value}, not ${pinned.value.toString()}`);
  world.count('dma-read');
}

/** Equal pages in a mergeable area, then a scan. */
export function ksm(world: World): void {
  const range = pickRange(world, 6);
  if (!range || isBusy(world, range.owner)) return;
  const { owner, start, end } = range;
  madvise(world.kernel, owner.process.mm, start, end, 'mergeable');
  // Sometimes only what is equal already is merged: nobody has been told to drop it by a write.
  if (world.chance(60)) for (const vpn of pagesIn(range)) if (cpuWrite(world, owner, vpn, 5) !== 'ok') break;
  world.licence.recharges = true;
  world.count('ksm-merged', ksmScan(world.kernel));
}
