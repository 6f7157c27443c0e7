import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { hostParams } from './params';
import { HostBackend } from './mechanics/backend';

export const host = defineSystem({
  id: 'host',
  uses: ['hmm'],
  letter: 'F',
  title: 'Host memory over the bus',
  summary: 'All memory stays on the host. The device accesses it over the link, pinned or mirrored.',
  source: 'docs/rules/thread-2015.md: get_user_pages, or driver PTEs with MMU notifiers and no migration',
  params: hostParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new HostBackend(params, kit.granuleBytes), params, { ...kit, machine });
  },
});
