import { z } from 'zod';
import { choice, integer, toggle } from '../../contracts/params';
import type { KnobWithoutEffect } from '../../model/knob';
import { linuxParams, MIB_UNIT } from '../../kit/linux/params';

/** The tree that was read. */
export const VERSION = 'torvalds/linux 0131514f9789';
const NO_VRAM: KnobWithoutEffect = {
  when: [{ param: 'CONFIG_DRM_XE_PAGEMAP', is: false }],
  why: 'nothing migrates to VRAM',
};

export const xeSvmParams = z.object({
  ...linuxParams,
  svm_notifier_size: choice({
    title: `Notifier window, ${MIB_UNIT}`,
    help: 'Size of one MMU notifier, a power of two of MiB. No range crosses the border of a window, so windows below 2 MiB give smaller ranges. A change during the run applies to VMs created after it, with the first fault or call of an address space.',
    values: ['1', '2', '4', '8', '16', '32', '64', '128', '256', '512', '1024', '2048', '4096'],
    initial: '512',
    live: true,
    knob: {
      name: 'svm_notifier_size',
      where: 'xe module',
      source: 'xe_module.c, Linux 6.15 and later (docs/rules/drivers.md)',
    },
  }),
  atomic_svm_timeslice_ms: integer({
    title: 'Time slice of atomics',
    help: 'Data that a device atomic moved to VRAM stays there for this time, even if the CPU accesses it. The time doubles with each new attempt of the fault.',
    unit: 'ms',
    min: 0,
    max: 10_000,
    initial: 5,
    live: true,
    knob: {
      name: 'atomic_svm_timeslice_ms',
      where: 'sysfs',
      source: `xe_device.c, xe_svm.c __xe_svm_handle_pagefault, ${VERSION}`,
      key: '/sys/kernel/debug/dri/0/atomic_svm_timeslice_ms',
      noEffect: [{ when: [{ fact: 'counts-only' }], why: 'it is a time span, and this machine has no clock' }, NO_VRAM],
    },
  }),
  CONFIG_DRM_XE_PAGEMAP: toggle({
    title: 'VRAM for ranges',
    help: 'Ranges can migrate to VRAM. Off: everything is bound in host memory; chunks of 64 KiB are then created whether populated or not.',
    initial: true,
    knob: {
      name: 'CONFIG_DRM_XE_PAGEMAP',
      where: 'build',
      source: `drivers/gpu/drm/xe/Kconfig, ${VERSION}`,
      fixed: 'VRAM gets its pages when the driver detects the device',
    },
  }),
  vramNeed64k: toggle({
    title: 'VRAM pages of 64 KiB',
    help: 'A platform with VRAM pages of 64 KiB (XE_VRAM_FLAGS_NEED64K): smaller ranges stay in host memory. A change during the run applies to later migrations.',
    initial: false,
    live: true,
    knob: {
      name: 'XE_VRAM_FLAGS_NEED64K',
      where: 'build',
      source: `xe_svm.c supports_4K_migration, ${VERSION}; a property of the platform`,
      noEffect: [NO_VRAM],
    },
  }),
  deviceAtomicsOnSmem: toggle({
    title: 'Device atomics on host memory',
    help: 'The platform supports device atomics on host memory (has_device_atomics_on_smem): ranges with advise atomic-device need no VRAM for them. A change during the run applies to later faults.',
    initial: true,
    live: true,
    knob: {
      name: 'has_device_atomics_on_smem',
      where: 'build',
      source: `xe_vm.c xe_vma_need_vram_for_atomic, ${VERSION}; a property of the platform`,
    },
  }),
  evictOnPartialUnmap: toggle({
    title: 'Partial unmap evicts',
    help: 'When part of a range is unmapped, the rest migrates to host memory, as the documentation of drm_gpusvm recommends. Off: only the range is removed, as in Xe; the rest faults into smaller ranges.',
    initial: false,
    live: true,
    knob: {
      name: 'evict_on_partial_unmap',
      where: 'what-if',
      source: 'drm_gpusvm.c, overview of the garbage collector (0542972950ef)',
      noEffect: [NO_VRAM],
    },
  }),
});

export type XeSvmParams = Readonly<z.infer<typeof xeSvmParams>>;
