import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { amdSvmParams } from './params';
import { AmdSvmBackend } from './mechanics/backend';

export const amdSvm = defineSystem({
  id: 'amd-svm',
  uses: ['hmm'],
  letter: '',
  title: 'AMD KFD SVM',
  summary:
    'Shared virtual memory of the amdgpu driver: ranges with attributes. Retry faults (XNACK) migrate aligned parts of a range, and VRAM evicts whole buffer objects. Without XNACK, queues stop while memory changes.',
  source:
    'Linux drivers/gpu/drm/amd/amdkfd/kfd_svm.c and kfd_migrate.c, 6.12 and torvalds/linux 006ad514a50c (docs/rules/drivers.md)',
  movement: 'on-demand',
  params: amdSvmParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new AmdSvmBackend(params), params, { ...kit, machine });
  },
});
