/** Only what faulted is moved. */
import { z } from 'zod';
import { definePolicy } from '../../contracts/policy';

export const none = definePolicy({
  kind: 'prefetch',
  id: 'none',
  title: 'None',
  summary: 'Moves only granules that faulted.',
  source: 'Rule set R0 (docs/r0-rules.md); uvm_perf_prefetch_enable=0 of the NVIDIA UVM driver.',
  params: z.object({}),
  create: () => ({}),
});
