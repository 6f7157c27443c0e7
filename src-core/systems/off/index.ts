import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { NodeBackend, STILL } from '../coherent/mechanics/backend';
import { HmmBackend, mirrorOptions } from '../hmm/mechanics/backend';
import { offParams } from './params';

export const off = defineSystem({
  id: 'off',
  uses: ['coherent', 'hmm'],
  letter: 'G',
  title: 'Migration off',
  summary: 'Pages stay where they were first touched, for applications that need constant latency (requirement 5).',
  source: 'McKenney, revised document of 25 April 2015, requirement 5, after Lameter (docs/rules/thread-2015.md)',
  params: offParams,
  create(params, machine, kit: MemoryKit) {
    const backend =
      params.base === 'hmm' ? new HmmBackend(() => mirrorOptions(kit.granuleBytes)) : new NodeBackend(() => STILL);
    const memory = new LinuxMemory(backend, params, { ...kit, machine });
    memory.migrationOff = true;
    return memory;
  },
});
