/** The knobs of Linux that memory systems share: where they are set and how these places spell them. */
import type { Knob, KnobWithoutEffect } from '../../model/knob';

const DEBUG_BALANCING = '/sys/kernel/debug/sched/numa_balancing';

const NO_CLOCK: KnobWithoutEffect = {
  when: [{ fact: 'counts-only' }],
  why: 'scanning needs a clock, and this machine has none',
};
const BALANCING_OFF: KnobWithoutEffect = {
  when: [{ param: 'numaBalancing', is: false }],
  why: 'NUMA balancing is off, so nothing is scanned',
};

/** `numa_balancing` = 1: pages move to the node that uses them. */
export const numaBalancingKnob: Knob = {
  name: 'numa_balancing',
  where: 'sysctl',
  source: 'Documentation/admin-guide/sysctl/kernel.rst, Linux 6.12',
  key: 'kernel.numa_balancing',
  texts: { true: '1', false: '0' },
  bootParameter: 'numa_balancing',
  bootTexts: { true: 'enable', false: 'disable' },
  noEffect: [NO_CLOCK],
};

/** `numa_balancing` = 2: pages of a lower tier that are used often move up. */
export const promotionKnob: Knob = {
  name: 'numa_balancing',
  where: 'sysctl',
  source: 'Documentation/admin-guide/sysctl/kernel.rst, Linux 6.12',
  key: 'kernel.numa_balancing',
  texts: { true: '2', false: '0' },
  noEffect: [NO_CLOCK],
};
const PROMOTION_OFF: KnobWithoutEffect = {
  when: [{ param: 'promotion', is: false }],
  why: 'nothing is promoted, so nothing is scanned',
};

export const scanPeriodKnob: Knob = {
  name: 'scan_period_min_ms',
  where: 'sysfs',
  source: 'kernel/sched/debug.c, Linux 6.12 (numa_balancing_scan_period_min_ms before 5.13)',
  key: `${DEBUG_BALANCING}/scan_period_min_ms`,
  noEffect: [NO_CLOCK],
};

/** Where balancing can be switched off, there is nothing to scan then. */
export const scanPeriodWithSwitchKnob: Knob = { ...scanPeriodKnob, noEffect: [NO_CLOCK, BALANCING_OFF] };

export const scanPeriodOfTieringKnob: Knob = { ...scanPeriodKnob, noEffect: [NO_CLOCK, PROMOTION_OFF] };

export const hotThresholdKnob: Knob = {
  name: 'hot_threshold_ms',
  where: 'sysfs',
  source: 'kernel/sched/fair.c:129, Linux 6.12',
  key: `${DEBUG_BALANCING}/hot_threshold_ms`,
  noEffect: [NO_CLOCK, PROMOTION_OFF],
};

export const promoteRateKnob: Knob = {
  name: 'numa_balancing_promote_rate_limit_MBps',
  where: 'sysctl',
  source: 'Documentation/admin-guide/sysctl/kernel.rst, Linux 6.12',
  key: 'kernel.numa_balancing_promote_rate_limit_MBps',
  noEffect: [NO_CLOCK, PROMOTION_OFF],
};

export const demotionKnob: Knob = {
  name: 'demotion_enabled',
  where: 'sysfs',
  source: 'Documentation/ABI/testing/sysfs-kernel-mm-numa, Linux 6.12',
  key: '/sys/kernel/mm/numa/demotion_enabled',
  texts: { true: 'true', false: 'false' },
  isBool: true,
  noEffect: [
    {
      when: [{ param: 'hostMemory', is: 0 }],
      why: 'the host has as much memory as the workload needs, so nothing is reclaimed',
    },
  ],
};

export const zoneReclaimKnob: Knob = {
  name: 'zone_reclaim_mode',
  where: 'sysctl',
  source: 'Documentation/admin-guide/sysctl/vm.rst, Linux 6.12',
  key: 'vm.zone_reclaim_mode',
};

export const thpKnob: Knob = {
  name: 'transparent_hugepage/enabled',
  where: 'sysfs',
  source: 'Documentation/admin-guide/mm/transhuge.rst, Linux 6.12',
  key: '/sys/kernel/mm/transparent_hugepage/enabled',
  bootParameter: 'transparent_hugepage',
};

/** The mode of a process can change while it has no queues, and is EBUSY later (kfd_chardev.c, kfd_ioctl_set_xnack_mode). */
export const xnackKnob: Knob = {
  name: 'noretry',
  where: 'amdgpu module',
  source: 'amdgpu_drv.c, kfd_process.c kfd_process_xnack_mode, Linux 6.12',
  texts: { true: '0', false: '1' },
  fixed: 'it is fixed when a process creates its first queue',
};

export const notifierSizeKnob: Knob = {
  name: 'svm_notifier_size',
  where: 'xe module',
  source: 'drivers/gpu/drm/xe/xe_module.c, Linux 6.15',
};

/** A parameter that no kernel has: it shows the effect of another choice. */
export const whatIf = (name: string, source: string, noEffect: readonly KnobWithoutEffect[] = []): Knob => ({
  name,
  where: 'what-if',
  source,
  ...(noEffect.length > 0 ? { noEffect } : {}),
});
