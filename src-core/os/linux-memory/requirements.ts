/** The requirements of thread-2015.md section 2 as checks of this run. null: the run did not put it to the test. */
import type { LinuxHost } from './backend';
import { formatBytes, formatTime } from '../../base/units';
import type { RequirementRow, SystemNumbers } from '../../model/memory-system';
import { PAGE_BYTES } from '../linux/page';

/** 1: taking the device out of service may take so long; a second is what an operator waits without asking. */
const EVACUATION_LIMIT_PS = 1e12;

/** Systems whose application names the device's memory itself (thread-2015.md section 5, "transparent to app"). */
const SAME_POINTERS = new Set(['hmm', 'coherent', 'zone', 'host', 'off', 'tiering', 'dax']);

/** Systems in which the kernel's own placement (mbind, NUMA balancing, reclaim) decides about device memory. */
const KERNEL_PLACES = new Set(['coherent', 'zone', 'tiering', 'off']);
const KNOBS = new Map([
  ['hmm', 'the driver decides; device pages are on no LRU, and mbind and move_pages leave them alone (R1, A9)'],
  ['coherent', 'mbind, NUMA balancing and reclaim'],
  ['zone', 'mbind, for what was asked into the zone'],
  ['dax', 'the application decides by the file it opens'],
  ['copy', 'the library decides'],
  ['off', 'mbind'],
  ['tiering', 'demotion, promotion and mbind'],
]);

export function requirementsOf(memory: LinuxHost, numbers: SystemNumbers): readonly RequirementRow[] {
  const { system } = memory;
  const row = (id: RequirementRow['id'], title: string, holds: boolean | null, detail: string): RequirementRow => ({
    id,
    title,
    holds,
    detail,
  });
  const used = numbers.peakDeviceBytes > 0;
  const residue = numbers.evacuationResidueBytes;
  const inTime = numbers.evacuationPs === null || numbers.evacuationPs <= EVACUATION_LIMIT_PS;
  const evacuation = numbers.evacuationPs === null ? 'no clock' : formatTime(numbers.evacuationPs);
  const unreachable = [...memory.tally.outcomes.values()].filter(
    ({ what, result }) => /^gpu/.test(what) && /EFAULT|EPERM|ENOMEM/.test(result),
  );
  const off = system.id === 'off' || memory.migrationOff;
  const migrated = numbers.pagesToDevice + numbers.pagesToHost;
  return [
    row(
      '1',
      'the device can be taken out of service',
      used ? residue === 0 && inTime : null,
      `emptied in ${evacuation} at the end of the run`,
    ),
    row('1a', 'all data can be moved off', used ? residue === 0 : null, `${formatBytes(residue)} stay`),
    row(
      '1b',
      'ordinary allocations avoid the device',
      memory.tally.kernelRequests > 0 || memory.kernel.counters.spilled > 0 || numbers.strayKernelBytes > 0
        ? numbers.strayKernelBytes === 0 && memory.kernel.counters.spilled === 0
        : null,
      `${formatBytes(numbers.strayKernelBytes)} of the kernel, ${formatBytes(memory.kernel.counters.spilled * PAGE_BYTES)} of the application spilled over`,
    ),
    row(
      '2',
      'no stray kernel allocation on the device',
      memory.tally.kernelRequests > 0 ? numbers.strayKernelBytes === 0 : null,
      formatBytes(numbers.strayKernelBytes),
    ),
    row(
      '3',
      'device memory is normal memory: a struct page for each page',
      used ? system.id !== 'copy' : null,
      system.id === 'copy' ? 'buffers of the driver, unknown to the kernel' : 'each page in use had one',
    ),
    row('4', 'the normal knobs control it', used ? KERNEL_PLACES.has(system.id) : null, KNOBS.get(system.id) ?? ''),
    row(
      '5',
      'no migration when it is switched off',
      off ? memory.tally.migrationsWhileOff === 0 && (system.id !== 'off' || migrated === 0) : null,
      off
        ? `${memory.tally.migrationsWhileOff + (system.id === 'off' ? migrated : 0)} pages moved`
        : 'migration was on',
    ),
    row('6', 'no change to the application', numbers.apiCalls === 0, `${numbers.apiCalls} calls added`),
    row(
      '6a',
      'the same address is the same memory on both sides',
      SAME_POINTERS.has(system.id),
      numbers.relocatedPointers > 0 ? `${numbers.relocatedPointers} pointers relocated` : 'pointers mean the same',
    ),
    row(
      '6b',
      'the device reaches all application memory',
      used || unreachable.length > 0 || memory.accessCount > 0 ? unreachable.length === 0 : null,
      unreachable.length === 0
        ? 'nothing was out of reach'
        : unreachable
            .map(({ what, result, object, count }) => `${what} of ${object ?? '?'}: ${result} (${count})`)
            .slice(0, 3)
            .join('; '),
    ),
    row(
      '6c',
      'memory that the device never touched stays off it',
      used ? numbers.untouchedDeviceBytes === 0 : null,
      `${formatBytes(numbers.untouchedDeviceBytes)} at most`,
    ),
  ];
}
