import { VA_BLOCK_BYTES } from '../../model/space';
import type { FindingCounter } from '../shared/findings';
import type { NamedRange } from '../shared/trace-space';

const GRANULE_BYTES = 65_536;

/** Indices of ranges that lie in one unit of `bytes` with a neighbour; `named` ascends and does not overlap. */
function sharing(named: readonly NamedRange[], bytes: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let i = 1; i < named.length; i++) {
    const before = named[i - 1]!;
    const end = before.address + before.bytes - 1;
    if (Math.floor(end / bytes) === Math.floor(named[i]!.address / bytes)) found.add(i - 1).add(i);
  }
  return found;
}

/** An allocator packs objects; readers of bytes per object must know that moved bytes belong to several objects. */
export function noteSharedGranules(named: readonly NamedRange[], file: string, findings: FindingCounter): void {
  const granules = sharing(named, GRANULE_BYTES);
  const [first] = granules;
  if (first === undefined) return;
  findings.add(
    'trace-shared-granules',
    'note',
    () =>
      `${granules.size} named objects share 64 KiB granules with another one (${sharing(named, VA_BLOCK_BYTES).size} share 2 MiB blocks). The first are "${named[first]!.name}" and "${named[first + 1]!.name}": bytes and transfers of a shared granule count for the object whose fault moved it. To separate them, align the allocations (aligned_alloc) to the granularity.`,
    () => ({ file }),
  );
}
