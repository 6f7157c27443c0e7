/** One bug per property of section 16, planted into a run the way the kernel or a driver would have it. */
import type { Mm, Vma } from '../../src-core/kernel/mm';
import { invalidate } from '../../src-core/kernel/notifier';
import type { Page } from '../../src-core/kernel/page';
import { entryAt, type Pte } from '../../src-core/kernel/page-table';
import { changeEntry } from '../../src-core/kernel/rmap';
import { removePlace, WAITS } from '../../src-core/kernel/places';
import { zapRange } from '../../src-core/kernel/zap';
import type { PropertyName } from './properties';
import type { World } from './world';

/** Runs after every change of a page-table entry. */
function onEntry({ kernel }: World, run: (mm: Mm, vpn: number, pages: number, entry: Pte | null) => void): void {
  kernel.hooks.entriesChanged = (mm, vpn, pages) => {
    run(mm, vpn, pages, entryAt(mm, vpn)?.entry ?? null);
  };
}

/** The RAM that a page leaves for the device is never given back. */
function sourceStays(world: World): void {
  const { kernel } = world;
  const sources = new Set<Page>();
  kernel.hooks.copied = (from, _to, _pages, reason) => {
    const page = kernel.frames.page(from);
    if (reason === 'migrate' && page.kind === 'ram') sources.add(page.head);
  };
  const put = kernel.put.bind(kernel);
  kernel.put = (page, count) => {
    if (page.head.refcount === (count ?? 1) && sources.delete(page.head) && page.head.rmap.length === 0) return;
    put(page, count);
  };
}

/** Device-private pages are no part of RSS. */
function residentWithoutDevice(world: World): void {
  onEntry(world, (mm, _vpn, pages, entry) => {
    if (entry?.state === 'private') mm.rss.anon -= pages;
  });
}

/** A driver takes CLEAR, which fork, COW and reclaim send, for news about somebody else. */
function clearIgnored({ devices }: World): void {
  for (const device of devices) {
    const mirrorOf = device.mirrorOf.bind(device);
    device.mirrorOf = (mm) => {
      const known = device.mirrors.get(mm);
      if (known) return known;
      const mirror = mirrorOf(mm);
      const told = mirror.notifier.invalidate.bind(mirror.notifier);
      mirror.notifier.invalidate = (range, sequence) => range.event === 'CLEAR' || told(range, sequence);
      return mirror;
    };
  }
}

/** The walk that ends a migration misses the last place where an entry was put. */
function placeForgotten(world: World): void {
  let seen = 0;
  onEntry(world, (_mm, _vpn, _pages, entry) => {
    if (entry?.state !== 'migration' || ++seen % 4 !== 0) return;
    const page = entry.page!;
    removePlace(world.kernel.frames, WAITS, page.pfn, page.waiting.at(-1)!);
  });
}

/** Every mapping of a device-private page takes two references. */
function referenceTwice(world: World): void {
  onEntry(world, (_mm, _vpn, _pages, entry) => {
    if (entry?.state === 'private') entry.page!.head.refcount++;
  });
}

/** Reclaim takes a page with contents for one that MADV_FREE gave up. */
function droppedUnwritten({ kernel }: World): void {
  const reclaim = kernel.reclaim.bind(kernel);
  kernel.reclaim = (node, pages, memcg) => {
    const victim = [...kernel.lru.inactive].find(
      (head) => head.anon && head.order === 0 && head.rmap.length === 1 && head.pins === 0,
    );
    const mapping = victim?.rmap[0];
    const vma: Vma | undefined = mapping?.mm.vmas.find((each) => each.start <= mapping.vpn && mapping.vpn < each.end);
    if (mapping && vma) {
      const { mm, vpn } = mapping;
      invalidate(mm, vpn, vpn + 1, 'CLEAR', () => {
        zapRange(kernel, mm, vma, vpn, vpn + 1);
      });
    }
    return reclaim(node, pages, memcg);
  };
}

/** The copy engine was not waited for: the destination holds zeros. */
function copyLost({ kernel }: World): void {
  kernel.hooks.copied = (_from, to, _pages, reason) => {
    if (reason === 'migrate') kernel.frames.page(to).data = null;
  };
}

/** A page that arrives on a device is charged anew, to the root cgroup. */
function chargedAnew(world: World): void {
  const root = world.kernel.rootMemcg;
  onEntry(world, (_mm: Mm, _vpn, pages, entry) => {
    const head = entry?.state === 'private' ? entry.page!.head : null;
    if (!head?.memcg || head.memcg === root) return;
    head.memcg.charged -= pages;
    root.charged += pages;
    head.memcg = root;
  });
}

/** Unplug gives up a page when its first allocations fail, although the host has room. */
function unplugGivesUp({ kernel, devices }: World): void {
  let failures = 0;
  const allocRam = kernel.allocRam.bind(kernel);
  kernel.allocRam = (order, node) => (failures-- > 0 ? null : allocRam(order, node));
  for (const { memory } of devices) {
    let closing = false;
    Object.defineProperty(memory, 'closing', {
      get: () => closing,
      set: (value: boolean) => {
        closing = value;
        failures = value ? 3 * memory.inUse.size : 0;
      },
    });
  }
}

/** A CPU fault takes exclusive access back and does not tell the device. */
function revokedSilently({ kernel }: World): void {
  kernel.hooks.faulted = (mm, vpn) => {
    const found = entryAt(mm, vpn);
    if (found?.entry.state === 'exclusive') changeEntry(mm, vpn, false, { ...found.entry, state: 'present' });
  };
}

export const PLANTED: Readonly<Record<PropertyName, (world: World) => void>> = {
  oneValidCopy: sourceStays,
  residentPages: residentWithoutDevice,
  mirrorsInvalidated: clearIgnored,
  noMigrationLeft: placeForgotten,
  references: referenceTwice,
  anonConserved: droppedUnwritten,
  valuesAgree: copyLost,
  chargesConserved: chargedAnew,
  unplugTerminates: unplugGivesUp,
  exclusiveAccess: revokedSilently,
};
