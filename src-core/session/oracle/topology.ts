/** Processors of a vector: names become indices, pairs become sets. */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../model/processor';
import { type ProcessorSet, type UvmTopology } from '../../systems/nvidia-uvm/decisions/vocabulary';
import { Refusal } from '../../model/refusal';

type Pairs = readonly (readonly [string, string])[];

/** What a vector says about who reaches whom. */
export interface NamedTopology {
  readonly topology: string;
  readonly processors: readonly string[];
  /** [A, B]: A can access the memory of B. */
  readonly canAccess: Pairs;
  /** [A, B]: A and B are joined. */
  readonly hasFastLink: Pairs;
  /** [X, Y]: Y has hardware atomics on the memory of X. */
  readonly hasNativeAtomics: Pairs;
  readonly noMemory?: readonly string[];
}

/** The name of a topology in which the GPUs are partitions of one. */
const PARTITIONED = 'smc';

export class Processors {
  readonly topology: UvmTopology;

  constructor(private readonly named: NamedTopology) {
    const count = named.processors.length;
    const sets = (pairs: Pairs, from: 0 | 1): Uint32Array => {
      const table = new Uint32Array(count);
      for (const pair of pairs) table[this.index(pair[from])]! |= 1 << this.index(pair[1 - from]!);
      return table;
    };
    const gpus = this.set(named.processors) & ~(1 << CPU);
    const siblings = new Uint32Array(count);
    if (named.topology === PARTITIONED) for (let gpu = CPU + 1; gpu < count; gpu++) siblings[gpu] = gpus & ~(1 << gpu);
    this.topology = {
      processors: count,
      canAccess: sets(named.canAccess, 0),
      accessibleFrom: sets(named.canAccess, 1),
      fastLink: sets(named.hasFastLink, 0),
      nativeAtomics: sets(named.hasNativeAtomics, 0),
      smcSiblings: siblings,
      withMemory: this.set(named.processors) & ~this.set(named.noMemory ?? []),
    };
  }

  index(name: string): ProcessorIndex {
    const index = asProcessor(this.named.processors.indexOf(name));
    if (index < 0)
      throw new Refusal(
        `"${name}" is not one of the processors of its case; expected ${this.named.processors.join(', ')}`,
      );
    return index;
  }

  indexOrNone(name: string | null): ProcessorIndex {
    return name === null ? NO_PROCESSOR : this.index(name);
  }

  set(names: readonly string[]): ProcessorSet {
    return names.reduce((set, name) => set | (1 << this.index(name)), 0);
  }

  name(processor: ProcessorIndex): string | null {
    return processor === NO_PROCESSOR ? null : (this.named.processors[processor] ?? `processor ${processor}`);
  }

  /** Names of a set in the order of the ids, as the vectors list them. */
  names(set: ProcessorSet): string {
    return this.named.processors.filter((_, index) => ((set >>> index) & 1) === 1).join(' ');
  }
}
