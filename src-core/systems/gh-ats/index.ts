import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { ghAtsParams } from './params';
import { AtsBackend } from './mechanics/backend';

export const ghAts = defineSystem({
  id: 'gh-ats',
  uses: ['coherent', 'nvidia-uvm'],
  letter: '',
  title: 'Grace Hopper, UVM with ATS',
  summary:
    'The GPU walks the host page tables, and its memory is a NUMA node. A GPU fault places pages that do not exist yet; access counters move existing pages.',
  source: 'NVIDIA open kernel driver 595.45.04: uvm_ats_faults.c, uvm_gpu_access_counters.c (docs/rules/nvidia-uvm.md)',
  params: ghAtsParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new AtsBackend(params), params, { ...kit, machine });
  },
});
