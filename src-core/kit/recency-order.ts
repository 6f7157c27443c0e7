/** Uses of device memory as the run's eviction policy asks for them, granule by granule. */
import type { UseOrder } from '../contracts/accessed-memory';
import type { EvictionView } from '../contracts/policy';
import type { ProcessorIndex } from '../model/processor';
import type { Granule } from '../base/indices';
import type { PoliciesInForce } from './policies-in-force';
import type { Residency } from './residency';

export class RecencyOrder implements UseOrder {
  keepsOrder = false;
  follows = false;
  readonly unitShift = 0;

  constructor(
    private readonly residency: Residency,
    private readonly policies: PoliciesInForce,
    private readonly view: EvictionView,
  ) {
    this.policyChanged();
  }

  /** The eviction policy was replaced. Where everything fits, no order is kept: nothing will ever be evicted. */
  policyChanged(): void {
    const { residency, policies } = this;
    const mayEvict = residency.granules > residency.capacity;
    this.keepsOrder = mayEvict && policies.eviction.order === 'access';
    this.follows = mayEvict && policies.eviction.used !== undefined;
  }

  touch(device: ProcessorIndex, granule: Granule): void {
    const { residency } = this;
    if (residency.ownerOf(granule) === device) residency.recency.touch(granule, device);
  }

  follow(device: ProcessorIndex, granule: Granule): void {
    if (this.residency.ownerOf(granule) === device) this.policies.eviction.used?.(device, granule, this.view);
  }
}

/** For memory systems that keep an order of their own, or none. */
export const NO_ORDER: UseOrder = {
  keepsOrder: false,
  follows: false,
  unitShift: 0,
  touch: () => undefined,
  follow: () => undefined,
};
