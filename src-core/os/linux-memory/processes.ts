/** The processes of a run, which granule is whose, and the GUP references that the workload holds. */
import type { HeldPin, LinuxHost } from './backend';
import { ungup } from '../linux/gup';
import type { Mm, Process } from '../linux/mm';

export class Processes {
  /** By index of SpaceMap.processes; null before its fork. */
  readonly all: (Process | null)[] = [];
  /** References that the workload holds through `pin`. */
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
  /** The process has another address space: exec. */
  adopt(process: Process): void {
    this.set(this.all.indexOf(process), process);
  }

  /** The live process of a granule; null before its fork and after its end. */
  of(granule: number): Process | null {
    const process = this.all[this.memory.map.process(granule)];
    return process && !process.exited ? process : null;
  }
  /** −1: an address space that the workload does not know. */
  index(mm: Mm): number {
    return this.indexOfMm.get(mm) ?? -1;
  }
  /** −1: the workload has no name for that memory. */
  granule(mm: Mm, vpn: number): number {
    const index = this.index(mm);
    return index < 0 ? -1 : this.memory.map.granule(index, vpn);
  }

  /** An address space is about to go: its pins end, and devices forget it. */
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
