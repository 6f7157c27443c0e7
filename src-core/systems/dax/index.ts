import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { linuxParams } from '../../kit/linux/params';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { DaxBackend } from './mechanics/backend';

export const dax = defineSystem({
  id: 'dax',
  letter: 'D',
  title: 'DAX file, explicit placement',
  summary:
    'The application allocates the objects that the device uses from a device file and builds its data there. Nothing migrates.',
  source: 'Lameter, 21 and 24 April 2015 (docs/rules/thread-2015.md)',
  movement: 'built-on-device',
  params: z.object(linuxParams),
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new DaxBackend(), params, { ...kit, machine });
  },
});
