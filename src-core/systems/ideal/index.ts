import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { IdealMemory } from './mechanics/ideal-memory';

export const ideal = defineSystem({
  id: 'ideal',
  formerly: ['managed'],
  letter: '',
  title: 'Ideal (rule set R0)',
  summary: 'The idealised system: one copy per granule, no operating system underneath. What the scenarios count.',
  source: 'docs/r0-rules.md',
  followsPolicies: true,
  params: z.object({}),
  create(_params, machine, kit: MemoryKit) {
    return new IdealMemory({ ...kit, machine });
  },
});
