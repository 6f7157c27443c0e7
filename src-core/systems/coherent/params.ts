import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import { numaBalancingKnob, scanPeriodWithSwitchKnob, whatIf } from '../../kit/linux/knobs';
import { linuxParams } from '../../kit/linux/params';

export const numaBalancing = (initial: boolean): ReturnType<typeof toggle> =>
  toggle({
    title: 'AutoNUMA',
    help: 'numa_balancing = 1: hint faults of the CPU move pages to the node that uses them.',
    initial,
    live: true,
    knob: numaBalancingKnob,
  });

/** Parameters of device memory that is a NUMA node with struct pages. */
export const nodeParams = {
  ...linuxParams,
  numaBalancing: numaBalancing(true),
  scanPeriodMs: integer({
    title: 'Scan period',
    help: 'Simulated time between two scans of an address space (numa_balancing_scan_period_min_ms is 1000 in Linux).',
    unit: 'ms',
    min: 1,
    max: 60_000,
    initial: 1000,
    live: true,
    knob: scanPeriodWithSwitchKnob,
  }),
  accessCounters: integer({
    title: 'Device access counters',
    help: 'Remote accesses by the device to a region of 64 KiB before its pages migrate to the device. 0: no counters, as in mainline Linux (U6).',
    unit: 'accesses',
    min: 0,
    max: 65_535,
    initial: 0,
    live: true,
    knob: whatIf('accessCounters', 'rule U6 of docs/rules/files-and-nodes.md'),
  }),
  kernelAllocations: toggle({
    title: 'Kernel allocations on the device',
    help: 'Ordinary kernel allocations may use device memory when the host is full (requirements 1b and 2). They stay there.',
    initial: false,
    live: true,
    knob: whatIf('kernelAllocations', 'docs/rules/thread-2015.md'),
  }),
  emergency: toggle({
    title: 'Emergency use',
    help: 'User pages spill to the device when host memory is exhausted (requirement 1b). They stay there.',
    initial: false,
    live: true,
    knob: whatIf('emergency', 'docs/rules/thread-2015.md'),
  }),
} as const;

export const coherentParams = z.object(nodeParams);

export type CoherentParams = Readonly<z.infer<typeof coherentParams>>;
