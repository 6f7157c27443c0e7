import { expect, describe, it } from 'vitest';
import { randomStream } from '../../../../src-core/base/random';
import type { DeviceMemory } from '../../../../src-core/kernel/device-chunks';
import { evictFolios } from '../../../../src-core/kernel/device-evict';
import { fork } from '../../../../src-core/kernel/fork';
import { gup } from '../../../../src-core/kernel/gup';
import type { Kernel } from '../../../../src-core/kernel/kernel';
import { madvise } from '../../../../src-core/kernel/madvise';
import { migrateFolio } from '../../../../src-core/kernel/migrate-entries';
import { migratePlain, type PlainMove } from '../../../../src-core/kernel/migrate-plain';
import { migrateVmaFinalize, migrateVmaPages } from '../../../../src-core/kernel/migrate-vma';
import { Memcg, type Mm } from '../../../../src-core/kernel/mm';
import { mprotect } from '../../../../src-core/kernel/mmap';
import { migratePlainPage } from '../../../../src-core/kernel/move-plain';
import type { Page } from '../../../../src-core/kernel/page';
import { entryAt } from '../../../../src-core/kernel/page-table';
import { checkBooks } from '../books';
import { BASE, listen, makeDevice, node, peek, poke, stage, words } from '../build';
import { fillWith, setup } from './stage';

const PAGES = 600;

interface Side {
  readonly kernel: Kernel;
  readonly mm: Mm;
  readonly device: DeviceMemory;
}

/** Memory in every state that a plain range may have, the same for the same seed. */
function scatter(seed: number, contents = false): Side {
  const nodes = [node(4096), node(1024)];
  const { kernel, process, mm } = stage(PAGES, { contents, nodes, thp: 'never' }, new Memcg('run', 4096));
  const device = makeDevice(kernel, 'device-private', 2048);
  const random = randomStream(seed, 'plain');
  for (let i = 0; i < PAGES; i++) {
    const what = random.below(4);
    if (what < 2) poke(kernel, process.mm, BASE + i, 1);
    else if (what === 2) peek(kernel, process.mm, BASE + i);
  }
  madvise(kernel, mm, BASE + random.below(PAGES - 40), BASE + PAGES, 'cold');
  for (let i = 0; i < PAGES; i++) {
    const page = entryAt(mm, BASE + i)?.entry.page;
    const bits = random.below(16);
    if (page) Object.assign(page, { referenced: (bits & 1) > 0, lazyFree: (bits & 2) > 0, dirty: (bits & 4) > 0 });
    if (!page || (bits & 8) === 0) continue;
    kernel.lruRemove(page);
    page.active = true;
    kernel.lruAdd(page);
  }
  const border = BASE + random.below(PAGES - 1) + 1;
  if (random.below(2) === 0) mprotect(kernel, mm, border, BASE + PAGES, 'r');
  return { kernel, mm, device };
}

const moveOf = ({ mm, device }: Side, start: number, end: number, rest: Partial<PlainMove> = {}): PlainMove => ({
  ...{ mm, start, end, device, direction: 'to-device', owner: device.owner, compound: false },
  ...{ faultFrame: -1, whole: false, picks: null },
  ...rest,
});

/** The same through the phases of migrate_vma. */
function general({ kernel, mm, device }: Side, start: number, end: number, direction: PlainMove['direction']): void {
  const toDevice = direction === 'to-device';
  const select = { system: toDevice, devicePrivate: !toDevice };
  const { ret, args } = setup(kernel, mm, start, end, { select, owner: device.owner });
  expect(ret).toBeNull();
  fillWith(kernel, args, (order) => (toDevice ? device.alloc(order) : kernel.allocRam(order, 0)));
  migrateVmaPages(kernel, args);
  migrateVmaFinalize(kernel, args);
}

/** Everything but frame numbers. */
function dump({ kernel, mm, device }: Side): unknown {
  const rows = [];
  const nameOf = new Map<Page, number>();
  for (let vpn = BASE; vpn < BASE + PAGES; vpn++) {
    const entry = entryAt(mm, vpn)?.entry;
    const page = entry?.page ?? null;
    if (page) nameOf.set(page, vpn);
    rows.push({
      ...(entry && { ...entry, page: page?.kind ?? null }),
      flags: page && (kernel.frames.flags[page.pfn]! >>> 0).toString(2),
      counts: page && [page.refcount, page.mapcount, page.memcg?.name, page.rmap.map((each) => each.vpn)],
    });
  }
  const { inactive, active, unevictable } = kernel.lru;
  const lists = [inactive, active, unevictable, device.inUse].map((list) => [...list].map((page) => nameOf.get(page)));
  return { rows, lists, rss: mm.rss, charged: mm.memcg.charged, used: [...kernel.used, device.usedPages] };
}

/** Pieces of the range that lie in one VMA, and not all of it: holes are left for the way back. */
function pieces({ mm }: Side, seed: number): { start: number; end: number }[] {
  const random = randomStream(seed, 'pieces');
  const found = [];
  for (const vma of mm.vmas)
    for (let start = vma.start; start < vma.end;) {
      const end = Math.min(vma.end, start + 1 + random.below(200));
      if (random.below(3) > 0) found.push({ start, end });
      start = end;
    }
  return found;
}

describe('a plain migration', () => {
  it('leaves the same state and sends the same events as the phases of migrate_vma, for pages of every kind', () => {
    for (let seed = 0; seed < 12; seed++) {
      const [fast, slow] = [scatter(seed), scatter(seed)];
      const [heardFast, heardSlow] = [listen(fast.mm), listen(slow.mm)];
      let moved = 0;
      for (const direction of ['to-device', 'to-host', 'to-device'] as const)
        for (const { start, end } of pieces(fast, seed + moved)) {
          const count = migratePlain(fast.kernel, moveOf(fast, start, end, { direction }));
          expect(count).not.toBeNull();
          moved += count!;
          general(slow, start, end, direction);
        }
      expect(moved).toBeGreaterThan(PAGES);
      expect(words(heardFast)).toEqual(words(heardSlow));
      expect(dump(fast)).toEqual(dump(slow));
      expect(checkBooks(fast.kernel)).toEqual([]);
    }
  });

  it('by frame does to pages without contents what it does to pages with them, whose moves go through the phases', () => {
    for (let seed = 0; seed < 8; seed++) {
      const sides = [scatter(seed), scatter(seed, true)] as const;
      const notified = sides.map(({ mm }) => listen(mm));
      for (const side of sides) {
        const { kernel, mm, device } = side;
        const random = randomStream(seed, 'by frame');
        for (const { start, end } of pieces(side, seed)) general(side, start, end, 'to-device');
        const heads = Array.from(device.inUse, ({ pfn }) => pfn).filter(() => random.below(4) > 0);
        expect(evictFolios(kernel, heads)).toEqual([]);
        for (let vpn = BASE; vpn < BASE + PAGES; vpn++) {
          const page = entryAt(mm, vpn)?.entry.page;
          if (page?.kind === 'ram' && random.below(2) === 0) expect(migrateFolio(kernel, page, 1)).toBe(true);
        }
        expect(checkBooks(kernel)).toEqual([]);
      }
      expect(words(notified[0]!)).toEqual(words(notified[1]!));
      expect(dump(sides[0])).toEqual(dump(sides[1]));
    }
  });

  it('by frame leaves pinned and shared pages to the phases, which refuse the pinned ones', () => {
    const { kernel, mm } = scatter(3);
    poke(kernel, mm, BASE, 1);
    poke(kernel, mm, BASE + 1, 1);
    gup(kernel, mm, BASE, { write: true, pin: true, longTerm: false, fast: false });
    fork(kernel, kernel.processes[0]!, 'child');
    const [pinned, shared] = [entryAt(mm, BASE)!.entry.page!, entryAt(mm, BASE + 1)!.entry.page!];
    expect([migratePlainPage(kernel, pinned.pfn, 1), migrateFolio(kernel, pinned, 1)]).toEqual([false, false]);
    expect([migratePlainPage(kernel, shared.pfn, 1), migrateFolio(kernel, shared, 1)]).toEqual([false, true]);
  });

  it('brings the page of a fault back while the fault path holds it', () => {
    const side = scatter(1);
    const { kernel, mm, device } = side;
    migratePlain(kernel, moveOf(side, BASE, BASE + 64));
    const page = entryAt(mm, BASE + 3)!.entry.page!;
    kernel.get(page);
    page.locked = true;
    const back = moveOf(side, BASE, BASE + 64, { direction: 'to-host', faultFrame: page.pfn });
    expect(migratePlain(kernel, back)).toBe(64);
    expect([page.refcount, page.locked, page.mappings]).toEqual([1, true, 0]);
    page.locked = false;
    kernel.put(page);
    expect([device.usedPages, page.free]).toEqual([0, true]);
    expect(checkBooks(kernel)).toEqual([]);
  });

  it('is refused, with nothing done, where something in the range is special', () => {
    const refusals: Record<string, (side: Side) => Partial<PlainMove> | undefined> = {
      pinned: ({ kernel, mm }) => {
        const flags = { write: true, pin: true, longTerm: false, fast: false };
        expect(gup(kernel, mm, BASE + 5, flags).ret).toBeNull();
        return undefined;
      },
      locked: ({ kernel, mm }) => {
        poke(kernel, mm, BASE + 5, 1);
        entryAt(mm, BASE + 5)!.entry.page!.locked = true;
        return undefined;
      },
      shared: ({ kernel }) => {
        fork(kernel, kernel.processes[0]!, 'child');
        return undefined;
      },
      'larger than the device': ({ device }) => {
        while (device.freePages() > 10) device.alloc(0);
        return undefined;
      },
      'beyond the limit of the memcg': ({ mm }) => {
        mm.memcg.limitPages = mm.memcg.charged;
        return undefined;
      },
      'not whole': ({ kernel, mm, device }) => {
        general({ kernel, mm, device }, BASE + 5, BASE + 6, 'to-device');
        return { whole: true };
      },
      'in two VMAs': () => ({ end: BASE + PAGES + 1 }),
    };
    for (const [what, make] of Object.entries(refusals)) {
      const side = scatter(2);
      const rest = make(side);
      const before = dump(side);
      expect([what, migratePlain(side.kernel, moveOf(side, BASE, BASE + 64, rest))]).toEqual([what, null]);
      expect(dump(side)).toEqual(before);
    }
  });
});
