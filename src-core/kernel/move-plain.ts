/**
 * Moves by frame where nothing is special: pages with one mapping and no other reference, and room for all of them. The
 * same as device-evict.ts and migrateFolio do in their phases, as loops over the columns.
 */
import { DEVICE_PRIVATE, F, RAM } from './frame-flags';
import type { Kernel } from './kernel';
import { invalidate } from './notifier';
import { PMD_PAGES } from './page';
import { entriesChanged, rowOf } from './page-table';
import { P, PRESENT, PRIVATE } from './pte-tables';
import { movesPlainly, relocate } from './relocate';
import { ownSpace, ownVpn } from './places';

/**
 * Eviction (E1): pages of a device to RAM of a node. true: all are there now. false: one of them is special, or there is no
 * room without reclaim, and nothing was done.
 */
export function evictPlain(kernel: Kernel, heads: readonly number[], node: number): boolean {
  if (kernel.config.contents || !kernel.hasRoom(node, heads.length)) return false;
  for (const head of heads) if (plainRow(kernel, head, DEVICE_PRIVATE, PRIVATE) < 0) return false;
  for (const head of heads) tellMirrors(kernel, head);
  const to = heads.map((head) => allocate(kernel, head, node, 'evict'));
  for (let i = 0; i < heads.length;) i = moveRun(kernel, heads, to, i);
  return true;
}

/** migrate_pages of one page of RAM to another node; false as above. */
export function migratePlainPage(kernel: Kernel, head: number, node: number): boolean {
  if (kernel.config.contents || !kernel.hasRoom(node, 1)) return false;
  if (plainRow(kernel, head, RAM, PRESENT) < 0) return false;
  tellMirrors(kernel, head);
  moveRun(kernel, [head], [allocate(kernel, head, node, 'migrate')], 0);
  return true;
}

/** Row of the one entry of a plain frame of a kind, which is in that state; −1: it is special. */
function plainRow(kernel: Kernel, head: number, kind: number, state: number): number {
  const { frames } = kernel;
  if ((frames.flags[head]! & F.kind) !== kind || !movesPlainly(kernel, head, false)) return -1;
  const row = rowOf(ownSpace(frames, head), ownVpn(frames, head));
  const { value, bits } = kernel.tables;
  return row >= 0 && value[row] === head && (bits[row]! & P.state) === state ? row : -1;
}

function tellMirrors({ frames }: Kernel, head: number): void {
  const vpn = ownVpn(frames, head);
  invalidate(ownSpace(frames, head), vpn, vpn + 1, 'CLEAR', () => undefined);
}

function allocate(kernel: Kernel, head: number, node: number, reason: string): number {
  const frame = kernel.allocFrames(0, node);
  kernel.hooks.copied?.(head, frame, 1, reason);
  return frame;
}

/** Moves the pages from `first` on whose entries lie side by side in one table; returns where the next run begins. */
function moveRun(kernel: Kernel, heads: readonly number[], to: readonly number[], first: number): number {
  const { frames } = kernel;
  const space = ownSpace(frames, heads[first]!);
  const vpn = ownVpn(frames, heads[first]!);
  const row = rowOf(space, vpn);
  let i = first;
  do relocate(kernel, heads[i]!, to[i]!, row + i - first, false);
  while (
    ++i < heads.length &&
    ownSpace(frames, heads[i]!) === space &&
    ownVpn(frames, heads[i]!) === vpn + i - first &&
    (row + i - first) % PMD_PAGES !== 0
  );
  entriesChanged(space, vpn, i - first);
  for (let k = first; k < i; k++) kernel.putFrame(heads[k]!);
  return i;
}
