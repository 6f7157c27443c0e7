import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import type { Knob, KnobWithoutEffect } from '../../model/knob';
import { xnackKnob } from '../../kit/linux/knobs';
import { linuxParams } from '../../kit/linux/params';

const NO_CLOCK: KnobWithoutEffect = {
  when: [{ fact: 'counts-only' }],
  why: 'it is a time span, and this machine has no clock',
};
const NO_RETRY: KnobWithoutEffect = {
  when: [{ param: 'xnack', is: false }],
  why: 'without XNACK no fault is retried',
};

/** A constant of the driver's source. */
const constant = (name: string, line: string, noEffect: Knob['noEffect']): Knob => ({
  name,
  where: 'build',
  source: `kfd_svm.c:${line}, Linux 6.12`,
  ...(noEffect && { noEffect }),
});

export const amdSvmParams = z.object({
  ...linuxParams,
  svm_default_granularity: integer({
    title: 'Default granularity of ranges',
    help: 'log2 of pages: size and alignment of a fault’s migration and of ranges for unregistered memory. 9: 2 MiB. A change during the run applies to new ranges; the real driver reads it when a process opens the device.',
    unit: 'log2(pages)',
    min: 0,
    max: 0x1b,
    initial: 9,
    live: true,
    knob: {
      name: 'svm_default_granularity',
      where: 'amdgpu module',
      source: 'amdgpu_drv.c:184,337-342, Linux 6.12',
      outside: 'nearest',
    },
  }),
  xnack: toggle({
    title: 'XNACK',
    help: 'Device faults are retried (HSA_XNACK=1 of the process, if hardware and driver support it). Off: a device reaches only registered memory, which is mapped before a queue runs, and queues stop whenever mapped memory changes.',
    initial: true,
    knob: xnackKnob,
  }),
  register: toggle({
    title: 'Registered memory',
    help: 'At its start the program registers each object that its devices use, with one call per object (hipMallocManaged, hsa_amd_svm_attributes_set). Off: plain malloc, which a device reaches only with XNACK.',
    initial: false,
  }),
  xgmiHive: toggle({
    title: 'XGMI hive',
    help: 'XGMI links the devices: each maps the memory of the others, so that data can stay on another device.',
    initial: false,
    knob: {
      name: 'use_xgmi_p2p',
      where: 'amdgpu module',
      source: 'amdgpu_drv.c, Linux 6.12',
      texts: { true: '1', false: '0' },
      outside: 'on',
      fixed: 'the links between devices are fixed when the driver detects them',
      noEffect: [{ when: [{ fact: 'one-device' }], why: 'there is no second device' }],
    },
  }),
  AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING: integer({
    title: 'Duplicate faults',
    help: 'A fault within this time after a validation of its range is dropped as a duplicate, even if it is for another part of a large range. The wave retries until the time has passed.',
    unit: 'ms',
    min: 0,
    max: 1000,
    initial: 2,
    live: true,
    knob: constant('AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING', '52', [NO_CLOCK, NO_RETRY]),
  }),
  AMDGPU_SVM_RANGE_RESTORE_DELAY_MS: integer({
    title: 'Restore delay',
    help: 'Time from the stop of the queues until the worker maps the memory again and starts them.',
    unit: 'ms',
    min: 0,
    max: 1000,
    initial: 1,
    live: true,
    knob: constant('AMDGPU_SVM_RANGE_RESTORE_DELAY_MS', '47', [NO_CLOCK]),
  }),
});

export type AmdSvmParams = Readonly<z.infer<typeof amdSvmParams>>;
