/** Accesses that do not fault: their time, and the observers and policies to notify. */
import { TRACKED, type AccessedMemory, type AccessRun } from '../contracts/accessed-memory';
import { CPU, type ProcessorIndex } from '../model/processor';

export class ReachedAccesses {
  /** Granule number to 2 MiB block number, for delays. */
  readonly blockShift: number;

  constructor(private readonly memory: AccessedMemory) {
    this.blockShift = 31 - Math.clz32(memory.granulesPerBlock);
  }

  /**
   * @param isLocal the run is in the processor's own memory; otherwise it goes over the link
   * @param isDependent each access waits for the one before
   */
  made(processor: ProcessorIndex, run: AccessRun, isLocal: boolean, isDependent: boolean): void {
    const { memory } = this;
    const { granule, count, bytes } = run;
    memory.delays[processor]?.access(granule >>> this.blockShift, count, isLocal, isDependent);
    if (isLocal) {
      memory.busy(processor, count * bytes);
      if (processor !== CPU && memory.uses.keepsOrder) memory.uses.touch(processor, granule);
    } else memory.remoteAccess(processor, granule, count, count * bytes);
    if (memory.hasObserver) memory.onAccess(processor, run);
    if ((memory.residency.state[granule]! & TRACKED) !== 0) memory.tracked(run, isLocal);
  }
}
