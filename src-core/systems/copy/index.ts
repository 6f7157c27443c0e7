import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { copyParams } from './params';
import { CopyBackend } from './mechanics/backend';

export const copy = defineSystem({
  id: 'copy',
  letter: 'E',
  title: 'Explicit copies',
  summary:
    'The library allocates device buffers, copies whole operands in, runs, and copies them out; pointers of lists and trees are relocated.',
  source: 'Glisse, 21 April 2015: the practice of the day (thread-2015.md section 3)',
  params: copyParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new CopyBackend(params), params, { ...kit, machine });
  },
});
