/** Machines for tests: a preset with another GPU front end. */
import type { GpuSpec, MachineSpec, Sourced } from '../../src-core/model/machine';
import { pcie4x16g } from '../../src-core/presets/machines/pcie4-16g';
import { bytes, picoseconds } from '../../src-core/base/units';

const given = <T>(value: T): Sourced<T> => ({ value, source: 'a test', grade: 'definition' });

/** One GPU of 80 SMs as Volta's, with what the test changes. */
export function withGpu(
  changes: Partial<
    Record<'smCount' | 'warpsPerSm' | 'threadsPerWarp' | 'smsPerUtlb' | 'faultsPerUtlb' | 'faultBufferEntries', number>
  >,
): { readonly machine: MachineSpec } {
  const of = (name: keyof typeof changes, otherwise: number): Sourced<number> => given(changes[name] ?? otherwise);
  const gpu: GpuSpec = {
    smCount: of('smCount', 80),
    warpsPerSm: of('warpsPerSm', 64),
    threadsPerWarp: of('threadsPerWarp', 32),
    smsPerUtlb: of('smsPerUtlb', 2),
    faultsPerUtlb: of('faultsPerUtlb', 56),
    faultBufferEntries: of('faultBufferEntries', 4096),
    tlbReach: given(bytes(32 * 1024 * 1024)),
    pageWalk: given(picoseconds(500_000)),
    pageWalkHuge: given(picoseconds(400_000)),
    memoryLatency: given(picoseconds(400_000)),
  };
  return { machine: { ...pcie4x16g, id: 'test-gpu', gpu } };
}
