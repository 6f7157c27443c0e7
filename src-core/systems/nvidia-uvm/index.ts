import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { nvidiaUvmParams } from './params';
import { UvmMemory } from './mechanics/memory';

export const nvidiaUvm = defineSystem({
  id: 'nvidia-uvm',
  letter: '',
  title: 'NVIDIA UVM',
  summary:
    'CUDA managed memory under NVIDIA’s open driver: faults in batches, density prefetch, thrashing mitigation, eviction in units of 2 MiB.',
  source: 'NVIDIA open-gpu-kernel-modules 595.45.04, kernel-open/nvidia-uvm (docs/rules/nvidia-uvm.md)',
  movement: 'on-demand',
  params: nvidiaUvmParams,
  create(params, machine, kit: MemoryKit) {
    return new UvmMemory(params, { ...kit, machine });
  },
});
