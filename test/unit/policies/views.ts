/** A memory for policies, ten lines instead of an engine. */
import { randomStream } from '../../../src-core/base/random';
import type { EvictionPolicy, EvictionView, MigrationPolicy, PrefetchPolicy } from '../../../src-core/contracts/policy';
import type { PolicyChoice } from '../../../src-core/model/scenario';
import { findPolicy } from '../../../src-core/policies';
import { asProcessor, NO_PROCESSOR } from '../../../src-core/model/processor';
import { NO_GRANULE, asGranule } from '../../../src-core/base/indices';
import { choose } from '../../property/drive';

export interface FakeMemory {
  readonly granuleBytes?: number;
  /** Owner by granule; −1 for those left out. */
  readonly owner?: Readonly<Record<number, number>>;
  /** Residents of device 1, oldest first. */
  readonly residents?: readonly number[];
  readonly capacity?: number;
  readonly isProtected?: (granule: number) => boolean;
  readonly nextUse?: (granule: number) => number;
}

export function fakeMemory(fake: FakeMemory): EvictionView {
  const { granuleBytes = 4096, residents = [], capacity = residents.length } = fake;
  const owner = fake.owner ?? Object.fromEntries(residents.map((granule) => [granule, 1]));
  return {
    granuleBytes,
    granulesPerBlock: (2 * 1024 * 1024) / granuleBytes,
    granules: 4096,
    ownerOf: (granule) => asProcessor(owner[granule] ?? NO_PROCESSOR),
    objectOf: () => 0,
    capacity: () => capacity,
    free: () => capacity - residents.length,
    accesses: () => 0,
    oldest: () => asGranule(residents[0] ?? NO_GRANULE),
    younger: (granule) => asGranule(residents[residents.indexOf(granule) + 1] ?? NO_GRANULE),
    residents: () => residents.length,
    residentAt: (_device, index) => asGranule(residents[index]!),
    isProtected: fake.isProtected ?? (() => false),
    nextUse: fake.nextUse ?? (() => Infinity),
  };
}

const create = (choice: PolicyChoice, seed: number): unknown =>
  findPolicy(choice.kind, choice.id)!.create(choice.params, { random: randomStream(seed, 'test') });
export const eviction = (id: string, seed = 1): EvictionPolicy =>
  create(choose('eviction', id), seed) as EvictionPolicy;
export const prefetch = (id: string, params: PolicyChoice['params'] = {}): PrefetchPolicy =>
  create(choose('prefetch', id, params), 1) as PrefetchPolicy;
export const migration = (id: string, params: PolicyChoice['params'] = {}): MigrationPolicy =>
  create(choose('migration', id, params), 1) as MigrationPolicy;

/** Granules that the policy wants beside the faulted ones, as a driver would bring them. */
export function wanted(
  policy: PrefetchPolicy,
  faulted: readonly number[],
  memory: EvictionView,
  { first = 0, outer = memory.granulesPerBlock, device = 1 } = {},
): number[] {
  const wishes = new Set<number>();
  policy.choose?.(
    {
      device: asProcessor(device),
      first: asGranule(first),
      outer: asGranule(outer),
      faulted: Int32Array.from(faulted),
      count: faulted.length,
    },
    memory,
    (granule) => wishes.add(granule),
  );
  return [...wishes]
    .filter((granule) => !faulted.includes(granule) && memory.ownerOf(asGranule(granule)) !== device)
    .sort((a, b) => a - b);
}
