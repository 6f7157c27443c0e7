import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { IdealMemory } from './mechanics/memory';

export const ideal = defineSystem({
  id: 'ideal',
  formerly: ['managed'],
  letter: '',
  title: 'Ideal (rule set R0)',
  summary: 'An idealised memory system: one copy per granule and no operating system model. It counts by rule set R0.',
  source: 'docs/r0-rules.md',
  followsPolicies: true,
  params: z.object({}),
  create(_params, machine, kit: MemoryKit) {
    return new IdealMemory({ ...kit, machine });
  },
});
