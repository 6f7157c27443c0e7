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
    'The library allocates device buffers, copies whole operands in, runs the kernel, and copies them out. It relocates the pointers of lists and trees.',
  source: 'Glisse, 21 April 2015: the usual practice (docs/rules/thread-2015.md)',
  params: copyParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new CopyBackend(params), params, { ...kit, machine });
  },
});
