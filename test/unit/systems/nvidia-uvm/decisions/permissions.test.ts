/** Promotion, revocation and mappings of others; no vectors exist for them. Cases follow uvm_va_block.c as cited in the code. */
import { CPU, NO_PROCESSOR, type ProcessorIndex } from '../../../../../src-core/model/processor';
import { describe, expect, it } from 'vitest';
import type {
  AccessedByQuestion,
  MappingQuestion,
  PermissionQuestion,
  RevocationAnswer,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/questions';
import { ACCESS, PROTECTION } from '../../../../../src-core/systems/nvidia-uvm/decisions/vocabulary';
import {
  accessedByProtection,
  newPermission,
  protectionWithoutRevocation,
  requiredProtection,
  revocation,
} from '../../../../../src-core/systems/nvidia-uvm/decisions/permissions';
import { coherent, GPU0, GPU1, nvlink, pcie, set } from './topologies';

const { none, readOnly, readWrite, readWriteAtomic } = PROTECTION;

it('each access needs a protection', () => {
  expect(Object.values(ACCESS).map((access) => requiredProtection(access))).toEqual([
    readOnly,
    readOnly,
    readWrite,
    readWrite,
    readWriteAtomic,
  ]);
});

describe('the permission after a fault', () => {
  const read: PermissionQuestion = {
    requester: GPU0,
    residency: GPU0,
    access: ACCESS.read,
    logical: readWriteAtomic,
    mayBeReadDuplicated: false,
    atomicMappers: 0,
    discarded: false,
  };
  const granted = (question: Partial<PermissionQuestion>, on = pcie): number =>
    newPermission({ ...read, ...question }, on);

  it('is promoted as far as no other processor loses rights', () => {
    expect(granted({})).toBe(readWriteAtomic);
    expect(granted({ access: ACCESS.prefetch })).toBe(readWriteAtomic);
    // Remote on the CPU over PCIe: writes, but no atomics.
    expect(granted({ residency: CPU })).toBe(readWrite);
    expect(granted({ residency: GPU1 }, nvlink)).toBe(readWriteAtomic);
  });
  it('stays read-only while a processor without hardware atomics maps the page for atomics', () => {
    expect(granted({ residency: CPU, atomicMappers: set(GPU1) })).toBe(readOnly);
    expect(granted({ residency: CPU, atomicMappers: set(CPU) })).toBe(readWrite);
    expect(granted({ residency: GPU1, atomicMappers: set(GPU1) }, nvlink)).toBe(readWriteAtomic);
  });
  it('stays read-only where copies may come, in a read-only VMA, and for reads of discarded pages', () => {
    expect(granted({ mayBeReadDuplicated: true })).toBe(readOnly);
    expect(granted({ logical: readOnly })).toBe(readOnly);
    expect(granted({ discarded: true })).toBe(readOnly);
    expect(granted({ discarded: true, access: ACCESS.write })).toBe(readWriteAtomic);
  });
  it('is never promoted beyond what the range allows', () => {
    expect(granted({ logical: readWrite })).toBe(readWrite);
    expect(granted({ access: ACCESS.write, logical: readWrite })).toBe(readWrite);
  });
});

describe('revocation', () => {
  const answer: RevocationAnswer = { processors: 0, revoked: none };
  const revoke = (
    granted: 0 | 1 | 2 | 3,
    requester: ProcessorIndex,
    residency: ProcessorIndex,
    on = pcie,
  ): [processors: number, revoked: number] => {
    revocation(granted, requester, residency, set(CPU, GPU0, GPU1), on, answer);
    return [answer.processors, answer.revoked];
  };

  it('is not needed for a read-only mapping', () => {
    expect(revoke(readOnly, GPU0, CPU)[0]).toBe(0);
  });
  it('of a write takes atomics from those that have none in hardware', () => {
    expect(revoke(readWrite, GPU0, CPU)).toEqual([set(GPU1), readWriteAtomic]);
    expect(revoke(readWrite, GPU0, CPU, coherent)).toEqual([0, readWriteAtomic]);
  });
  it('of an atomic of a GPU without them in hardware takes writes from everybody else', () => {
    expect(revoke(readWriteAtomic, GPU0, CPU)).toEqual([set(CPU, GPU1), readWrite]);
  });
  it('of an atomic with hardware behind it is that of a write', () => {
    expect(revoke(readWriteAtomic, GPU0, GPU1, nvlink)).toEqual([set(CPU), readWrite]);
  });
  it('for the CPU takes atomics only', () => {
    expect(revoke(readWriteAtomic, CPU, CPU)).toEqual([set(GPU0, GPU1), readWriteAtomic]);
  });
});

describe('mappings of others after a migration', () => {
  const moved: AccessedByQuestion = {
    requester: GPU0,
    residency: GPU0,
    granted: readWriteAtomic,
    accessedBy: set(CPU, GPU0, GPU1),
    pinnedProcessors: 0,
    preferred: NO_PROCESSOR,
    readDuplicated: false,
  };
  const others = (question: Partial<AccessedByQuestion>, on = nvlink): number[] =>
    [CPU, GPU0, GPU1].map((processor) => accessedByProtection({ ...moved, ...question }, processor, on));

  it('go to accessed-by processors that reach the page, not to the requester', () => {
    expect(others({})).toEqual([none, none, readWriteAtomic]);
    expect(others({}, pcie)).toEqual([none, none, none]);
    expect(others({ accessedBy: 0 })).toEqual([none, none, none]);
  });
  it('go to those that thrash on a pinned page as well', () => {
    expect(others({ accessedBy: 0, pinnedProcessors: set(GPU0, GPU1) })).toEqual([none, none, readWriteAtomic]);
  });
  it('are for writes where only the requester has atomics in hardware', () => {
    expect(others({ requester: CPU, residency: CPU })).toEqual([none, readWrite, readWrite]);
  });
  it('are for reads beside a GPU that does atomics by permission, and for writes beside such a CPU', () => {
    expect(others({ residency: CPU })).toEqual([readOnly, none, readOnly]);
    const elsewhere = { requester: CPU, residency: GPU0 };
    expect(others(elsewhere, coherent)).toEqual([none, readWriteAtomic, readWriteAtomic]);
    expect(others(elsewhere, { ...coherent, nativeAtomics: Uint32Array.of(1, 2, 4) })).toEqual([
      none,
      readWrite,
      readWrite,
    ]);
  });
  it('follow a lower protection of the requester', () => {
    expect(others({ granted: readOnly })).toEqual([none, none, readOnly]);
  });
  it('do not go to the preferred location, unless it has no memory', () => {
    expect(others({ preferred: GPU1 })).toEqual([none, none, none]);
    expect(others({ preferred: GPU1 }, { ...nvlink, withMemory: set(CPU, GPU0) })).toEqual([
      none,
      none,
      readWriteAtomic,
    ]);
  });
  it('are not made of read-duplicated pages', () => {
    expect(others({ readDuplicated: true })).toEqual([none, none, none]);
  });
});

describe('a mapping without a fault', () => {
  const at = (question: Partial<MappingQuestion>, on = pcie): number =>
    protectionWithoutRevocation(
      { processor: GPU0, resident: set(CPU), hmm: false, mapped: 0, writers: 0, atomicMappers: 0, ...question },
      on,
    );

  it('an unmapped page has all rights if it can be reached', () => {
    expect(at({})).toBe(readWriteAtomic);
    expect(at({ resident: set(GPU1) })).toBe(none);
    expect(at({ resident: 0 })).toBe(none);
  });
  it('of one of several copies is local and read-only', () => {
    expect(at({ resident: set(CPU, GPU0) })).toBe(readOnly);
    expect(at({ resident: set(CPU, GPU1) })).toBe(none);
  });
  it('leaves others their atomics and writes', () => {
    expect(at({ mapped: set(GPU1), writers: set(GPU1), atomicMappers: set(GPU1) })).toBe(readOnly);
    expect(at({ mapped: set(CPU), writers: set(CPU), atomicMappers: set(CPU) })).toBe(readWrite);
    expect(at({ mapped: set(GPU1), writers: set(GPU1) })).toBe(readWrite);
    expect(at({ mapped: set(GPU1) })).toBe(readWriteAtomic);
    expect(at({ mapped: set(GPU1), writers: set(GPU1), resident: set(GPU1) }, nvlink)).toBe(readWriteAtomic);
  });
  it('does not count the processor itself', () => {
    expect(at({ mapped: set(GPU0), writers: set(GPU0), atomicMappers: set(GPU0) })).toBe(readWriteAtomic);
  });
  it('of HMM memory has no atomics but those of the hardware', () => {
    expect(at({ hmm: true })).toBe(readWrite);
    expect(at({ hmm: true }, coherent)).toBe(readWriteAtomic);
  });
});
