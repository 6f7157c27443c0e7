/** The processes of a run, the process of each granule, and the GUP references that the workload holds. */
import type { LinuxHost } from './backend';
import type { HeldPin, ProcessTable } from './host-parts';
import { basePageAround, basePagesOf } from '../../kernel/base-page';
import { ungup } from '../../kernel/gup';
import type { Mm, Process } from '../../kernel/mm';
import { type Granule, NO_GRANULE, asGranule } from '../../base/indices';

export class Processes implements ProcessTable {
  readonly all: (Process | null)[] = [];
  readonly pins: HeldPin[] = [];
  private readonly indexOfMm = new Map<Mm, number>();

  constructor(private readonly memory: LinuxHost) {}

  get main(): Process {
    return this.all[0]!;
  }

  set(index: number, process: Process): void {
    while (this.all.length <= index) this.all.push(null);
    this.all[index] = process;
    this.indexOfMm.set(process.mm, index);
  }
  adopt(process: Process): void {
    this.set(this.all.indexOf(process), process);
  }

  of(granule: Granule): Process | null {
    const process = this.all[this.memory.map.process(granule)];
    return process && !process.exited ? process : null;
  }
  /** −1: an address space that the workload does not name. */
  index(mm: Mm): number {
    return this.indexOfMm.get(mm) ?? -1;
  }
  granule(mm: Mm, vpn: number): Granule {
    const index = this.index(mm);
    return index < 0 ? NO_GRANULE : this.memory.map.granule(index, vpn);
  }

  /** Granules [first, outer) of the kernel's page that the granule is a part of. */
  basePage(granule: Granule): { readonly first: number; readonly outer: number } {
    const { kernel, map } = this.memory;
    const process = basePagesOf(kernel) > 1 ? this.of(granule) : null;
    if (!process) return { first: granule, outer: granule + 1 };
    const vpn = map.vpn(granule);
    const { start, end } = basePageAround(kernel, process.mm, vpn);
    let first = granule;
    let outer = asGranule(granule + 1);
    while (vpn - (granule - first) > start && map.vpn(asGranule(first - 1)) === vpn - (granule - first) - 1) first--;
    while (vpn + (outer - granule) < end && map.vpn(outer) === vpn + (outer - granule)) outer++;
    return { first, outer };
  }

  release(mm: Mm): void {
    for (const held of this.pins.filter((each) => each.mm === mm)) this.unpin(held);
    this.memory.backend.processEnds?.(mm);
  }
  hold(pin: HeldPin): void {
    this.pins.push(pin);
    this.memory.tally.pin(1);
  }
  unpin(held: HeldPin): void {
    this.pins.splice(this.pins.indexOf(held), 1);
    ungup(this.memory.kernel, held.page, { write: true, pin: true, longTerm: held.longTerm });
    this.memory.tally.pin(-1);
  }
}
