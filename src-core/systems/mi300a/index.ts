import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { mi300aParams } from './params';
import { Mi300aBackend } from './mechanics/backend';

export const mi300a = defineSystem({
  id: 'mi300a',
  uses: ['coherent', 'amd-svm', 'hmm'],
  letter: '',
  title: 'AMD MI300A, one memory per APU',
  summary:
    'CPU and GPU of an APU share one physical memory, so nothing migrates between them. Page size, XNACK and the APU of each page determine the cost.',
  source: 'Linux drivers/gpu/drm/amd/amdkfd/kfd_svm.c 6.12 (docs/rules/drivers.md); faults as in arXiv 2508.12743',
  movement: 'one-memory',
  params: mi300aParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new Mi300aBackend(params), params, { ...kit, machine });
  },
});
