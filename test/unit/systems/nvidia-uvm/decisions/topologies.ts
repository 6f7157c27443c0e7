/** Machines in small: who reaches whom, drawn as pairs. */
import { CPU, type ProcessorIndex, asProcessor } from '../../../../../src-core/model/processor';
import { type UvmTopology } from '../../../../../src-core/systems/nvidia-uvm/decisions/vocabulary';

export const GPU0: ProcessorIndex = asProcessor(1);
export const GPU1: ProcessorIndex = asProcessor(2);

type Pair = readonly [ProcessorIndex, ProcessorIndex];

interface Drawing {
  /** [a, b]: a can access the memory of b. Everybody can access their own. */
  readonly access: readonly Pair[];
  /** Joined by NVLINK or C2C; both ways. */
  readonly fast?: readonly Pair[];
  /** [memory, who]: hardware atomics. Everybody has them at home. */
  readonly atomics?: readonly Pair[];
  readonly siblings?: readonly Pair[];
}

export function topology(processors: number, { access, fast = [], atomics = [], siblings = [] }: Drawing): UvmTopology {
  const own = Array.from({ length: processors }, (_, processor): Pair => [
    asProcessor(processor),
    asProcessor(processor),
  ]);
  const sets = (pairs: readonly Pair[]): Uint32Array => {
    const table = new Uint32Array(processors);
    for (const [row, member] of pairs) table[row]! |= 1 << member;
    return table;
  };
  const flipped = (pairs: readonly Pair[]): Pair[] => pairs.map(([a, b]) => [b, a]);
  return {
    processors,
    canAccess: sets([...own, ...access]),
    accessibleFrom: sets([...own, ...flipped(access)]),
    fastLink: sets([...fast, ...flipped(fast)]),
    nativeAtomics: sets([...own, ...atomics]),
    smcSiblings: sets([...siblings, ...flipped(siblings)]),
    withMemory: (1 << processors) - 1,
  };
}

/** Two GPUs on PCIe that cannot reach each other. */
export const pcie = topology(3, {
  access: [
    [GPU0, CPU],
    [GPU1, CPU],
  ],
});

/** Two GPUs joined by NVLINK, with atomics over it; the CPU on PCIe. */
export const nvlink = topology(3, {
  access: [
    [GPU0, CPU],
    [GPU1, CPU],
    [GPU0, GPU1],
    [GPU1, GPU0],
  ],
  fast: [[GPU0, GPU1]],
  atomics: [
    [GPU0, GPU1],
    [GPU1, GPU0],
  ],
});

/** Two Grace Hopper modules: everybody reaches everybody, coherently. */
export const coherent = topology(3, {
  access: [
    [CPU, GPU0],
    [CPU, GPU1],
    [GPU0, CPU],
    [GPU1, CPU],
    [GPU0, GPU1],
    [GPU1, GPU0],
  ],
  fast: [
    [CPU, GPU0],
    [CPU, GPU1],
    [GPU0, GPU1],
  ],
  atomics: [
    [CPU, GPU0],
    [CPU, GPU1],
    [GPU0, CPU],
    [GPU1, CPU],
    [GPU0, GPU1],
    [GPU1, GPU0],
  ],
});

export const set = (...members: readonly ProcessorIndex[]): number =>
  members.reduce((all, member) => all | (1 << member), 0);
