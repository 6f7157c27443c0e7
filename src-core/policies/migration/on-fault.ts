/** Every fault moves the granule to the processor that touched it: UVM's default for memory without advice. */
import { z } from 'zod';
import { definePolicy } from '../../contracts/policy';

export const onFault = definePolicy({
  kind: 'migration',
  id: 'on-fault',
  title: 'On fault',
  summary: 'Each fault moves the granule to the processor that touched it.',
  source:
    'Rule set R0 (docs/r0-rules.md); default of the NVIDIA UVM driver for ranges without advice (uvm_va_block.c).',
  params: z.object({}),
  create: () => ({ onFault: () => 'migrate', counterThreshold: null, isAlwaysMigrating: true }),
});
