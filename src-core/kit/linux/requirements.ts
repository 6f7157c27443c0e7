/** The requirements of docs/rules/thread-2015.md as checks of this run. null: the run does not test the requirement. */
import type { LinuxHost } from './backend';
import { formatBytes, formatTime } from '../../base/units';
import type { RequirementRow, LinuxNumbers } from '../../model/memory-system';
import { PAGE_BYTES } from '../../kernel/page';

/** 1: taking the device out of service may take so long; a second is what an operator waits without asking. */
const EVACUATION_LIMIT_PS = 1e12;

const row = (id: RequirementRow['id'], title: string, holds: boolean | null, detail: string): RequirementRow => ({
  id,
  title,
  holds,
  detail,
});

export const requirementsOf = (memory: LinuxHost, numbers: LinuxNumbers): readonly RequirementRow[] => [
  ...ofTheKernel(memory, numbers),
  ...ofTheApplication(memory, numbers),
];

/** 1 to 5: device memory under the kernel's and the operator's control. */
function ofTheKernel(memory: LinuxHost, numbers: LinuxNumbers): readonly RequirementRow[] {
  const { traits } = memory.backend;
  const used = numbers.peakDeviceBytes > 0;
  const residue = numbers.evacuationResidueBytes;
  const inTime = numbers.evacuationPs === null || numbers.evacuationPs <= EVACUATION_LIMIT_PS;
  const evacuation = numbers.evacuationPs === null ? 'no clock' : formatTime(numbers.evacuationPs);
  return [
    row(
      '1',
      'the device can be taken out of service',
      used ? residue === 0 && inTime : null,
      residue === 0 ? `emptied in ${evacuation}` : `movable data left in ${evacuation}`,
    ),
    row('1a', 'all data can be moved off', used ? residue === 0 : null, `${formatBytes(residue)} stay`),
    row(
      '1b',
      'ordinary allocations avoid the device',
      memory.tally.kernelRequests > 0 || memory.kernel.counters.spilled > 0 || numbers.strayKernelBytes > 0
        ? numbers.strayKernelBytes === 0 && memory.kernel.counters.spilled === 0
        : null,
      `${formatBytes(numbers.strayKernelBytes)} of the kernel and ${formatBytes(memory.kernel.counters.spilled * PAGE_BYTES)} of the application on the device`,
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
      used ? traits.structPages : null,
      traits.structPages ? 'each used page has one' : 'buffers of the driver that the kernel does not know',
    ),
    row('4', 'the ordinary knobs control it', used ? traits.kernelPlaces : null, traits.knobs),
    row(
      '5',
      'no migration when it is switched off',
      memory.wasOff ? memory.tally.migrationsWhileOff === 0 : null,
      memory.wasOff ? `${memory.tally.migrationsWhileOff} pages moved while migration was off` : 'migration was on',
    ),
  ];
}

/** 6: what the application sees, and what it has to do. */
function ofTheApplication(memory: LinuxHost, numbers: LinuxNumbers): readonly RequirementRow[] {
  const deviceAsked = memory.access.touchedByDevice.includes(1);
  const unreachable = [...memory.tally.outcomes.values()].filter(
    ({ what, result }) => /^gpu/.test(what) && /EFAULT|EPERM|ENOMEM/.test(result),
  );
  return [
    row('6', 'no change to the application', numbers.apiCalls === 0, `${numbers.apiCalls} calls added`),
    row(
      '6a',
      'the same address is the same memory on both sides',
      memory.backend.traits.samePointers,
      numbers.relocatedPointers > 0
        ? `${numbers.relocatedPointers} pointers relocated`
        : 'pointers are valid on both sides',
    ),
    row(
      '6b',
      'the device reaches all application memory',
      deviceAsked ? unreachable.length === 0 : null,
      unreachable.length === 0
        ? 'all memory was reachable'
        : unreachable
            .map(({ what, result, object, count }) => `${what} of ${object ?? '?'}: ${result} (${count})`)
            .slice(0, 3)
            .join('; '),
    ),
    row(
      '6c',
      'memory that the device never touched stays off it',
      numbers.peakDeviceBytes > 0 ? numbers.untouchedDeviceBytes === 0 : null,
      `${formatBytes(numbers.untouchedDeviceBytes ?? 0)} at most`,
    ),
  ];
}
