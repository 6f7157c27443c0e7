import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { nvidiaDecisions } from './decisions';
import { counterParams } from './params/counters';
import { faultParams } from './params/faults';
import { memoryParams } from './params/memory';
import { prefetchParams } from './params/prefetch';
import { thrashingParams } from './params/thrashing';

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
