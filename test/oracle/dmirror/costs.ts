/**
 * What the benchmark's migrations cost in the model: a charge per folio, a charge per base page, and the bytes on a link.
 * The constants are of this test alone; none is a measurement of the kernel's own benchmark.
 */
import { Link } from '../../../src-core/hardware/link';
import { bytes as byteCount, PS_PER_S, PS_PER_US } from '../../../src-core/base/units';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { machines } from '../../../src-core/presets';
import type { Transfer } from './device';

/** Lock, unmap, notify, remap of one folio, ps. Source: order of magnitude of migrate_pages per page. Grade: assumed. */
const FOLIO_PS = 2 * PS_PER_US;
/** Setting one entry of the device page table, ps. Source: one store to uncached memory per entry. Grade: assumed. */
const ENTRY_PS = PS_PER_US / 10;

/** Milliseconds of transfers in one direction, one after the other. */
export function milliseconds(transfers: readonly Transfer[]): number {
  const timing = machines.find((machine) => machine.timing)?.timing;
  if (!timing) throw new Error('no machine with a link ships');
  const link = new Link(timing.link);
  let ps = 0;
  for (const { pages } of transfers) ps += FOLIO_PS + pages * ENTRY_PS + link.durationPs(byteCount(pages * PAGE_BYTES));
  return (ps / PS_PER_S) * 1000;
}
