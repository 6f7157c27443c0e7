/** Policies of managed ranges (cudaMemAdvise, uvm_va_policy.c), per object and, where advice covers a part, per block. */
import { NO_PROCESSOR, type ProcessorIndex } from '../../../model/processor';
import { READ_DUPLICATION, type ProcessorSet, type ReadDuplicationPolicy } from '../decisions/vocabulary';

export interface RangePolicy {
  readonly preferred: ProcessorIndex;
  readonly accessedBy: ProcessorSet;
  readonly readDuplication: ReadDuplicationPolicy;
}

const DEFAULT: RangePolicy = { preferred: NO_PROCESSOR, accessedBy: 0, readDuplication: READ_DUPLICATION.unset };

export class RangePolicies {
  private readonly byBlock = new Map<number, RangePolicy>();

  of(block: number): RangePolicy {
    return this.byBlock.size === 0 ? DEFAULT : (this.byBlock.get(block) ?? DEFAULT);
  }

  set(block: number, change: Partial<RangePolicy>): void {
    this.byBlock.set(block, { ...this.of(block), ...change });
  }
}
