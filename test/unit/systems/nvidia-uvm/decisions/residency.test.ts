/**
 * What the recorded vectors never decide: which of several holders is closest, atomics that stay remote (rule 10) and faults
 * from another process (rule 12). Expected values follow from uvm_va_block.c and uvm_va_space.c as cited in the code.
 */
import { CPU, NO_PROCESSOR, type ProcessorIndex, asProcessor } from '../../../../../src-core/model/processor';
import { describe, expect, it } from 'vitest';
import type {
  ResidencyAnswer,
  ResidencyQuestion,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/questions';
import {
  ACCESS,
  HINT,
  OPERATION,
  READ_DUPLICATION,
  type UvmTopology,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/vocabulary';
import { closestProcessor, selectResidency } from '../../../../../src-core/systems/nvidia-uvm/decisions/residency';
import { coherent, GPU0, GPU1, nvlink, pcie, set, topology } from './topologies';

const fault: ResidencyQuestion = {
  requester: GPU0,
  accessMask: 1 << ACCESS.read,
  operation: OPERATION.replayableFault,
  hmm: false,
  mustUseSysmem: false,
  readDuplication: READ_DUPLICATION.unset,
  pageReadDuplicated: false,
  preferred: NO_PROCESSOR,
  accessedBy: 0,
  resident: set(CPU),
  hint: HINT.none,
  pinResidency: NO_PROCESSOR,
  mapRemoteOnNativeAtomicsFault: false,
  remoteMm: false,
};

function residency(on: UvmTopology, question: Partial<ResidencyQuestion>): number {
  const answer: ResidencyAnswer = { residency: NO_PROCESSOR, readDuplicate: false };
  selectResidency({ ...fault, ...question }, on, answer);
  return answer.residency;
}

describe('the closest processor', () => {
  const closest = (processors: number, from: ProcessorIndex, on: UvmTopology): number =>
    closestProcessor(processors, from, on);

  it('is oneself, if one holds the page', () => {
    expect(closest(set(CPU, GPU0, GPU1), GPU1, nvlink)).toBe(GPU1);
  });
  it('is a partition of the same GPU before anything over a link', () => {
    const partitioned = topology(4, {
      access: [[GPU0, CPU]],
      fast: [
        [GPU0, CPU],
        [GPU0, GPU1],
      ],
      siblings: [[GPU0, asProcessor(3)]],
    });
    expect(closest(set(CPU, GPU1, asProcessor(3)), GPU0, partitioned)).toBe(3);
  });
  it('is a GPU over a fast link before the CPU over a fast link', () => {
    expect(closest(set(CPU, GPU1), GPU0, coherent)).toBe(GPU1);
    expect(closest(set(CPU, GPU1), GPU0, topology(3, { access: [[GPU0, GPU1]], fast: [[GPU0, CPU]] }))).toBe(CPU);
  });
  it('is a GPU that can be accessed before a CPU that can, and that before one that cannot', () => {
    const peers = topology(3, {
      access: [
        [GPU0, CPU],
        [GPU0, GPU1],
      ],
    });
    expect(closest(set(CPU, GPU1), GPU0, peers)).toBe(GPU1);
    expect(closest(set(CPU, GPU1), GPU0, pcie)).toBe(CPU);
  });
  it('is the lowest processor out of reach, and none without candidates', () => {
    expect(closest(set(GPU0, GPU1), CPU, pcie)).toBe(GPU0);
    expect(closest(0, CPU, pcie)).toBe(NO_PROCESSOR);
  });
});

describe('residency', () => {
  it('of a page with several holders is kept at the closest for accessed-by processors', () => {
    const several = { accessedBy: set(GPU0), resident: set(CPU, GPU1), readDuplication: READ_DUPLICATION.disabled };
    expect(residency(nvlink, several)).toBe(GPU1);
    expect(residency(pcie, several)).toBe(CPU);
  });

  describe('under uvm_perf_map_remote_on_native_atomics_fault', () => {
    const atomic = {
      mapRemoteOnNativeAtomicsFault: true,
      accessMask: (1 << ACCESS.atomicWeak) | (1 << ACCESS.atomicStrong),
      resident: set(GPU1),
    };
    it('stays on the other GPU for a fault of atomics alone', () => {
      expect(residency(nvlink, atomic)).toBe(GPU1);
      expect(residency(nvlink, { ...atomic, mapRemoteOnNativeAtomicsFault: false })).toBe(GPU0);
    });
    it('moves for a write among them, from the CPU, and without atomics over the link', () => {
      expect(residency(nvlink, { ...atomic, accessMask: atomic.accessMask | (1 << ACCESS.write) })).toBe(GPU0);
      expect(residency(coherent, { ...atomic, resident: set(CPU) })).toBe(GPU0);
      expect(residency(pcie, atomic)).toBe(GPU0);
    });
    it('moves for the CPU, whose atomics look like writes', () => {
      expect(residency(coherent, { ...atomic, requester: CPU })).toBe(CPU);
    });
    it('stays before the preferred location gets it', () => {
      expect(residency(nvlink, { ...atomic, preferred: CPU })).toBe(GPU1);
      expect(residency(nvlink, { ...atomic, accessMask: 1 << ACCESS.read, preferred: CPU })).toBe(CPU);
    });
  });

  describe('of a fault from another process', () => {
    const remote = { requester: CPU, resident: set(GPU0), remoteMm: true };
    it('stays on a GPU that the CPU can access', () => {
      expect(residency(coherent, remote)).toBe(GPU0);
      expect(residency(coherent, { ...remote, remoteMm: false })).toBe(CPU);
    });
    it('moves where the CPU cannot reach it', () => {
      expect(residency(pcie, remote)).toBe(CPU);
    });
    it('goes to the preferred location if the CPU reaches that', () => {
      expect(residency(coherent, { ...remote, preferred: GPU1 })).toBe(GPU1);
    });
  });
});
