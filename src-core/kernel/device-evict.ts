/** Empties device memory: eviction by frame, and unplug (E1 to E3; test_hmm's dmirror_device_evict_chunk). */
import type { DeviceMemory } from './device-chunks';
import type { Kernel } from './kernel';
import { evictPlain } from './move-plain';
import { copyFolio, splitEverywhere } from './migrate-entries';
import { migrateDeviceFolios } from './migrate-vma';
import { PMD_ORDER, type Page } from './page';

/** How often the eviction of a folio is tried: drm_pagemap's two retries (E3). */
const ROUNDS = 3;

/**
 * Brings folios, given by the frames of their head pages, to RAM, of whatever process they are (E1). A large one that
 * finds no large page in RAM is split and goes by base pages (L6). Returns the folios that stayed: pinned, locked, or
 * RAM is full (R5).
 */
export function evictFolios(kernel: Kernel, heads: readonly number[], node = 0): readonly Page[] {
  if (evictPlain(kernel, heads, node)) return [];
  let left: readonly Page[] = heads.map((head) => kernel.frames.page(head));
  for (let round = 0; round < ROUNDS && left.length > 0; round++) {
    const stayed = migrateDeviceFolios(kernel, left, (source) => {
      const to = kernel.allocRam(source.order, node);
      if (!to) return null;
      to.locked = true;
      copyFolio(kernel, source, to, 'evict');
      return to;
    });
    left = stayed.flatMap((head) => piecesOf(kernel, head));
  }
  return left;
}

function piecesOf(kernel: Kernel, head: Page): readonly Page[] {
  if (head.order !== PMD_ORDER || head.locked) return [head];
  const pages = [...head.pages!];
  return splitEverywhere(kernel, head, 0) ? pages.filter((page) => !page.free) : [head];
}

/**
 * E2: allocation stops, then everything in use is evicted. Returns the folios that stayed. While there are any, the
 * pagemap cannot be removed; the caller retries after their references are dropped.
 */
export function unplug(kernel: Kernel, memory: DeviceMemory): readonly Page[] {
  memory.closing = true;
  return evictFolios(
    kernel,
    Array.from(memory.inUse, ({ pfn }) => pfn),
  );
}
