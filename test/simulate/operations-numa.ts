/** Machines with a second node: binding, hint scanning, promotion and demotion (U2 to U5). */
import { bindTo } from '../../src-core/kernel/mm';
import { mbind, scanAddressSpace } from '../../src-core/kernel/numa';
import { isBusy, pickRange } from './operations-memory';
import type { World } from './world';

/** Between two scans, ps: some pages are used within the hot threshold, others are not. */
const SCAN_PERIOD_PS = 400_000_000_000;

export function bind(world: World): void {
  const range = pickRange(world, 20);
  const nodes = world.kernel.config.nodes.length;
  if (!range || nodes < 2 || isBusy(world, range.owner)) return;
  const { owner, start, end } = range;
  const ret = mbind(world.kernel, owner.process.mm, start, end, bindTo(world.random.below(nodes)), 'own');
  if (ret !== null) world.wrong(`mbind answered ${ret}`);
  world.count('mbind');
}

export function scan(world: World): void {
  const owner = world.pick(world.processes)!;
  if (world.kernel.config.nodes.length < 2) return;
  world.nowPs += SCAN_PERIOD_PS;
  scanAddressSpace(world.kernel, owner.process.mm, world.nowPs);
  world.count('numa-scan');
}
