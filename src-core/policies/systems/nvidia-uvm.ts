import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { nvidiaDecisions } from '../nvidia-uvm';
import { counterParams } from './nvidia-uvm/counters';
import { faultParams } from './nvidia-uvm/faults';
import { memoryParams } from './nvidia-uvm/memory';
import { prefetchParams } from './nvidia-uvm/prefetch';
import { thrashingParams } from './nvidia-uvm/thrashing';

export const nvidiaUvm = defineSystem({
  id: 'nvidia-uvm',
  letter: '',
  title: 'NVIDIA UVM',
  summary:
    'The managed memory of CUDA as the open driver services it: faults in batches, density prefetch, thrashing mitigation, eviction by 2 MiB.',
  source: 'NVIDIA open-gpu-kernel-modules 595.45.04, kernel-open/nvidia-uvm (nvidia-uvm-policies.md)',
  decisions: nvidiaDecisions,
  movement: 'on-demand',
  params: z.object({ ...prefetchParams, ...thrashingParams, ...faultParams, ...counterParams, ...memoryParams }),
});
