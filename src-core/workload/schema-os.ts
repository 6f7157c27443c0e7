/** `os:` of a step: one call to the operating system, named by its first key, such as `{ munmap: A, part: [0, 0.5] }`. */
import { z } from 'zod';
import { ADVICE, HINTS, MEMPOLICY_MODES } from '../model/os-action';
import { expected, listOf, objectName, oneOf, rangeShape, section, size, whole, word } from './schema-parts';

const yes = (what: string) => z.literal(true, expected('true')).optional().meta({ description: what });
const flag = (what: string) => z.boolean(expected('true or false')).optional().meta({ description: what });
const on = (what: string) => objectName.optional().meta({ description: what });
const bytes = (what: string) => size.optional().meta({ description: what });
const device = word('a device, gpu0 … gpu5');

/** Calls on a range of an object. */
export const RANGE_CALLS = [
  'munmap',
  'mremap',
  'mprotect',
  'madvise',
  'mlock',
  'munlock',
  'mbind',
  'pin',
  'unpin',
  'sync',
  'truncate',
  'fileRead',
  'fileWrite',
  'migrate',
  'memcpy',
  'advise',
  'userfaultfd',
] as const;
export type RangeCall = (typeof RANGE_CALLS)[number];
/** All calls; exactly one of them in an `os` step. */
export const OS_CALLS = [
  ...RANGE_CALLS,
  'fork',
  'exit',
  'exec',
  'unplug',
  'replug',
  'kernelAllocation',
  'pressure',
  'memoryLimit',
  'migration',
  'ksmScan',
] as const;
export type OsCall = (typeof OS_CALLS)[number];

export const osSchema = section('a call such as { munmap: A, part: [0, 0.5] }', {
  munmap: on('Object whose range is unmapped.'),
  mremap: on('Object whose range moves to another address; its name follows.'),
  mprotect: on('Object whose protection becomes `prot`.'),
  madvise: on('Object for which `advice` is given.'),
  mlock: on('Object whose pages are locked in memory.'),
  munlock: on('Object whose pages are unlocked.'),
  mbind: on('Object whose pages are placed on `node`.'),
  pin: on('Object whose pages are pinned (FOLL_PIN) until unpin or the end of the process.'),
  unpin: on('Object whose pins by this process are released.'),
  sync: on('Object whose dirty pages are written back to its file.'),
  truncate: on('Object whose file is truncated to `to` bytes.'),
  fileRead: on('Object whose file is read with read(), without the mapping.'),
  fileWrite: on('Object whose file is written with write(), without the mapping.'),
  migrate: on('Object that is moved to processor `to` now.'),
  memcpy: on('Object into which a copy engine of a gpu (`at`) copies the same bytes of object `from`.'),
  advise: on('Object for which the program gives `hint` to the device’s driver.'),
  userfaultfd: on('Object whose missing pages a handler in user space populates.'),
  fork: word('the name of a new process').optional().meta({ description: 'Makes a child process of this name.' }),
  exit: yes('Ends the process.'),
  exec: yes('The process starts another program and loses its address space.'),
  unplug: device.optional().meta({ description: 'Evicts the memory of the device and removes the device.' }),
  replug: device.optional().meta({ description: 'Adds the device again.' }),
  kernelAllocation: bytes('The kernel allocates this much memory for its own use.'),
  pressure: bytes('Another program uses this much host memory.'),
  memoryLimit: bytes('memory.max of the control group of the processes.'),
  migration: z
    .union([z.boolean(), z.enum(['on', 'off'])], expected('on or off'))
    .optional()
    .meta({ description: 'off: no migration between processors from this step on; on: migration again.' }),
  ksmScan: yes('KSM merges equal pages in ranges with madvise mergeable.'),
  ...rangeShape,
  prot: oneOf(['none', 'r', 'rw']).optional().meta({ description: 'mprotect: none, r or rw.' }),
  advice: oneOf(ADVICE).optional().meta({ description: 'madvise: the advice.' }),
  hint: oneOf(HINTS).optional().meta({ description: 'advise: the hint.' }),
  at: word('cpu, gpu or gpu0 … gpu5').optional().meta({
    description:
      'advise: the processor of preferred-location, accessed-by, not-accessed-by and access. memcpy: the gpu whose copy engine is used; default gpu0.',
  }),
  from: objectName.optional().meta({ description: 'memcpy: object to copy from.' }),
  value: whole(0, 63).optional().meta({ description: 'advise: log2 of pages, of granularity.' }),
  dontUnmap: flag('mremap: the old range stays mapped, empty (MREMAP_DONTUNMAP).'),
  longTerm: flag('pin: FOLL_LONGTERM, pages leave device and movable memory first.'),
  write: flag('pin: the holder writes to the pages. Default true.'),
  node: word('cpu, gpu or gpu0 … gpu5')
    .optional()
    .meta({ description: 'mbind: cpu, or the gpu whose memory is a NUMA node.' }),
  nodes: listOf(word('cpu, gpu or gpu0 … gpu5'), 'a list of nodes, such as [cpu, gpu0]', 7)
    .optional()
    .meta({ description: 'mbind: several nodes in place of `node`.' }),
  policy: oneOf(MEMPOLICY_MODES)
    .optional()
    .meta({ description: 'mbind: bind, preferred (the first node) or preferred-many. Default bind.' }),
  home: word('cpu, gpu or gpu0 … gpu5')
    .optional()
    .meta({ description: 'mbind: node to try first (set_mempolicy_home_node). Not with policy preferred.' }),
  to: word('a size such as "4MiB" (truncate), or cpu, gpu0 … (migrate)')
    .optional()
    .meta({ description: 'truncate: new size of the file. migrate: where to.' }),
}).meta({ title: 'os' });

export type OsData = z.infer<typeof osSchema>;
