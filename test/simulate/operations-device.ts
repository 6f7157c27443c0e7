/** Devices: accesses through their mirrors, migrations in phases, exclusive access, eviction, unplug. */
import { evictFolios, unplug } from '../../src-core/kernel/device-evict';
import { madvise } from '../../src-core/kernel/madvise';
import { copyFolio } from '../../src-core/kernel/migrate-entries';
import { migrateDevicePages, migrateDeviceRange, migrateVmaFinalize } from '../../src-core/kernel/migrate-vma';
import { vmaAt } from '../../src-core/kernel/mm';
import { isDevicePage, pagesOf, PMD_PAGES } from '../../src-core/kernel/page';
import { cpuPage, type SimDevice } from './driver';
import {
  cpuRead,
  cpuWrite,
  doMmap,
  isBusy,
  judge,
  pagesIn,
  pickHuge,
  pickRange,
  wordFor,
  type Range,
} from './operations-memory';
import { readWord, writeWord, type OpenMigration, type SimProcess, type World } from './world';

export function deviceAccess(world: World): void {
  const range = pickRange(world, 8);
  if (!range) return;
  const device = world.pick(world.devices)!;
  const write = world.chance(50);
  for (const vpn of pagesIn(range)) accessPage(world, device, range.owner, vpn, write);
}

function accessPage(world: World, device: SimDevice, owner: SimProcess, vpn: number, write: boolean): void {
  const { mm } = owner.process;
  const shared = isSharedDevicePage(cpuPage(mm, vpn));
  // Reclaim takes the page between the walk and the driver's lock: read_retry has to see it (section 2.1).
  if (world.chance(10)) device.meanwhile = () => madvise(world.kernel, mm, vpn, vpn + 1, 'pageout');
  const { result, page } = device.reach(mm, vpn, write);
  judge(world, owner, vpn, write, result, write ? 'device-write' : 'device-read');
  const { value } = owner.space.pages.get(vpn)!;
  if (result !== 'ok') {
    if (write) value.mayHaveBecomeOwn();
    return;
  }
  const word = write ? wordFor(world, owner, vpn) : world.random.below(2);
  if (write) {
    if (!page) {
      world.wrong(`${device.name} may write page ${vpn}, where no page is`);
      return;
    }
    const written = world.value();
    writeWord(page, word, written);
    // No CPU entry has seen the store. For a page of a file, page_mkwrite has heard of the write fault (M22, B2).
    if (page.head.anon) page.head.dirty = true;
    value.write(word, written);
    if (shared) world.count('cow-of-device-page');
  } else {
    const seen = readWord(page, word);
    if (!value.observe(word, seen))
      world.wrong(`${device.name} read ${seen} from word ${word} of page ${vpn}, not ${value.toString()}`);
  }
  if (page && isDevicePage(page)) world.count('device-local-access');
}

const isSharedDevicePage = (page: ReturnType<typeof cpuPage>): boolean =>
  page !== null && isDevicePage(page) && page.head.rmap.length > 1;

export function deviceSnapshot(world: World): void {
  const range = pickRange(world, 40);
  if (!range) return;
  world.count('snapshot', world.pick(world.devices)!.snapshot(range.owner.process.mm, range.start, range.end));
}

/** An atomic of the device on memory that stays in RAM; sometimes it keeps the page for a few steps. */
export function atomic(world: World): void {
  const range = pickRange(world, 1);
  const device = world.pick(world.devices)!;
  if (!range || world.holds.length > 2) return;
  const { owner, start: vpn } = range;
  const hold = device.makeExclusive(owner.process.mm, vpn);
  const { value } = owner.space.pages.get(vpn)!;
  if (typeof hold === 'string') {
    value.mayHaveBecomeOwn();
    world.count(`exclusive-${hold}`);
    return;
  }
  const word = wordFor(world, owner, vpn);
  const old = readWord(hold.page, word);
  if (!value.observe(word, old))
    world.wrong(`an atomic of ${device.name} read ${old} from page ${vpn}, not ${value.toString()}`);
  const next = world.value();
  writeWord(hold.page, word, next);
  hold.page.head.dirty = true;
  value.write(word, next);
  world.holds.push({ device, hold, lost: false });
  world.count('exclusive-granted');
  if (world.chance(30)) cpuRead(world, owner, vpn); // waits for the lock
  if (world.chance(70)) release(world);
}

export function release(world: World): void {
  const held = world.holds.pop();
  if (held) held.device.release(held.hold);
}

export function beginMigration(world: World): void {
  const range = (world.chance(60) ? pickHuge(world) : null) ?? pickRange(world, 16);
  if (!range) return;
  const { owner, start } = range;
  const vma = vmaAt(owner.process.mm, start)!;
  // A range across VMAs is refused (G1).
  const end = world.chance(85) ? Math.min(vma.end, range.end) : range.end;
  begin(world, { owner, start, end }, world.chance(70));
}

function begin(world: World, { owner, start, end }: Range, toDevice: boolean): void {
  if (world.open.length > 1) return;
  const device = world.pick(world.devices)!;
  const args = device.begin(owner.process.mm, start, end, toDevice);
  if (!args) {
    world.count('migrate-EINVAL');
    return;
  }
  world.open.push({ device, owner, batch: args, args, toDevice, committed: false });
  world.count('migrate-begun');
}

/** New memory of 2 MiB that goes to a device whole, touched by a CPU before or not (L1, L4). */
export function offload(world: World): void {
  const range = world.isLarge ? doMmap(world, true) : null;
  if (!range) return;
  const { owner, start } = range;
  if (world.chance(60)) cpuWrite(world, owner, start + world.random.below(PMD_PAGES));
  const before = world.open.length;
  begin(world, { owner, start, end: start + PMD_PAGES }, true);
  if (world.open[before]) complete(world, world.open[before]);
}

/** The rest of a migration; then, sometimes, the kernel that it was made for runs. */
function complete(world: World, migration: OpenMigration): void {
  commit(world, migration);
  finish(world, migration);
  const { device, owner, args, toDevice } = migration;
  if (!toDevice || !owner || !args || world.chance(30)) return;
  const range = { owner, start: args.start, end: Math.min(args.end, args.start + 16) };
  for (const vpn of pagesIn(range)) accessPage(world, device, owner, vpn, world.chance(50));
}

/** The same for frames of the device, in any process (G23). */
export function beginEviction(world: World): void {
  const device = world.pick(world.devices)!;
  const heads = [...device.memory.inUse].slice(0, 6);
  if (world.open.length > 1 || heads.length === 0) return;
  const batch = migrateDeviceRange(world.kernel, heads);
  world.open.push({ device, owner: null, batch, args: null, toDevice: false, committed: false });
  world.count('evict-begun');
}

/** The next phase of a migration that is under way. */
export function advance(world: World): void {
  const migration = world.pick(world.open);
  if (!migration) return;
  if (!migration.committed) commit(world, migration);
  else finish(world, migration);
}

function commit(world: World, migration: OpenMigration): void {
  const { device, args, batch, toDevice } = migration;
  if (args) world.count('destination-missing', device.commit(args, toDevice));
  else {
    for (const [i, slot] of batch.slots.entries()) {
      const to = slot?.page ? world.kernel.allocRam(slot.page.order, 0) : null;
      if (!to) continue;
      to.locked = true;
      copyFolio(world.kernel, slot!.page!, to, 'evict');
      batch.dst[i] = to;
    }
    migrateDevicePages(world.kernel, batch);
  }
  migration.committed = true;
}

function finish(world: World, migration: OpenMigration): void {
  const { device, args, batch, toDevice } = migration;
  world.open.splice(world.open.indexOf(migration), 1);
  if (!args) {
    migrateVmaFinalize(world.kernel, batch);
    world.count('evicted-by-frame', batch.slots.filter((slot) => slot?.migrate === true).length);
  } else {
    const large = batch.slots.filter((slot) => slot?.migrate === true && slot.compound).length;
    world.count(toDevice ? 'moved-to-device' : 'moved-back', device.finish(args, toDevice));
    world.count('moved-large', large);
  }
}

/** All three phases at once. */
export function migrate(world: World): void {
  const before = world.open.length;
  beginMigration(world);
  if (world.open[before]) complete(world, world.open[before]);
}

export function finishAll(world: World): void {
  for (const migration of [...world.open]) {
    if (!migration.committed) commit(world, migration);
    finish(world, migration);
  }
  while (world.holds.length > 0) release(world);
}

export function evict(world: World): void {
  const { memory } = world.pick(world.devices)!;
  const heads = Array.from(memory.inUse, ({ pfn }) => pfn).slice(0, 1 + world.random.below(8));
  const stayed = evictFolios(world.kernel, heads);
  world.licence.adds = false;
  world.count('evicted', Math.max(0, heads.length - stayed.length));
  world.count('evict-stayed', stayed.length);
}

/** A job of the driver holds a device page for a while: it cannot move (G19). */
export function startJob(world: World): void {
  const head = world.pick([...world.pick(world.devices)!.memory.inUse]);
  if (!head || head.locked || world.jobs.length > 2) return;
  world.kernel.get(head);
  world.jobs.push(head);
  world.count('job');
}

export function endJob(world: World): void {
  const head = world.jobs.pop();
  if (head) world.kernel.put(head);
}

export function doUnplug(world: World): void {
  const device = world.pick(world.devices)!;
  const { memory } = device;
  const wasEmpty = memory.inUse.size === 0;
  const stayed = unplug(world.kernel, memory);
  world.leaving.set(device, new Set([...memory.inUse].flatMap((head) => [...pagesOf(head)])));
  world.licence.adds = false;
  world.unplugged = { device, stayed, ramFull: stayed.length > 0 && isFull(world, stayed.length) };
  if (stayed.length > 0) world.count('unplug-waits');
  else if (!wasEmpty) world.count('unplug-emptied');
}

/**
 * No room for so many pages at once, after the allocator has reclaimed what it could: a page that is held takes room until
 * its move is refused, so the others may find none.
 */
const isFull = ({ kernel }: World, pages: number): boolean =>
  kernel.config.nodes.reduce((room, node, i) => room + node.pages - kernel.used[i]!, 0) < pages;

/** The next allocation of a large folio fails, wherever it is: base pages have to do (L6, G20). */
export function failLarge({ kernel, isLarge }: World): void {
  kernel.failNextLarge = isLarge;
}

export function replug(world: World): void {
  for (const { memory } of world.leaving.keys()) {
    world.count('replug');
    memory.closing = false;
  }
  world.leaving.clear();
}

/** A collapse of pages that devices map, and of some that live there (A8). */
export function collapse(world: World): void {
  const range = pickHuge(world);
  if (!range || isBusy(world, range.owner)) return;
  const { owner, start, end } = range;
  const { mm } = owner.process;
  madvise(world.kernel, mm, start, end, 'hugepage');
  for (let i = 0; i < 4; i++) {
    const vpn = start + world.random.below(PMD_PAGES);
    cpuWrite(world, owner, vpn);
    accessPage(world, world.pick(world.devices)!, owner, vpn, world.chance(50));
  }
  const ret = madvise(world.kernel, mm, start, end, 'collapse');
  world.count(`madvise-collapse${ret === null ? '' : '-refused'}`);
}
