import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import type { Knob, KnobWithoutEffect } from '../../model/knob';
import { xnackKnob } from '../../kit/linux/knobs';
import { linuxParams } from '../../kit/linux/params';

const NO_CLOCK: KnobWithoutEffect = {
  when: [{ fact: 'counts-only' }],
  why: 'it is a time, and this machine has no clock',
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
    help: 'log2 of pages: size and alignment of what one fault migrates, and of ranges that nobody registered. 9: 2 MiB. In mid-run it holds for ranges that come into being; the driver reads it when a process opens the device.',
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
    help: 'Device faults can be retried (HSA_XNACK=1 of the process, on hardware and a driver that allow it). Off: a device reaches registered memory only, all of it mapped before a queue runs, and queues stop whenever mapped memory changes.',
    initial: true,
    knob: xnackKnob,
  }),
  register: toggle({
    title: 'Registered memory',
    help: 'The program registers each object that its devices use when it starts, one call each (hipMallocManaged, hsa_amd_svm_attributes_set). Off: plain malloc, which a device reaches with XNACK only.',
    initial: false,
  }),
  xgmiHive: toggle({
    title: 'XGMI hive',
    help: 'The devices are linked by XGMI: each maps the memory of the others, so that data may stay on another device.',
    initial: false,
    knob: {
      name: 'use_xgmi_p2p',
      where: 'amdgpu module',
      source: 'amdgpu_drv.c, Linux 6.12',
      texts: { true: '1', false: '0' },
      outside: 'on',
      fixed: 'which devices reach each other is settled when the driver finds them',
      noEffect: [{ when: [{ fact: 'one-device' }], why: 'there is no second device' }],
    },
  }),
  AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING: integer({
    title: 'Duplicate faults',
    help: 'A fault so soon after a validation of its range is taken for a duplicate and dropped, also where it is about another piece of a large range: the wave tries again until the time is over.',
    unit: 'ms',
    min: 0,
    max: 1000,
    initial: 2,
    live: true,
    knob: constant('AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING', '52', [NO_CLOCK, NO_RETRY]),
  }),
  AMDGPU_SVM_RANGE_RESTORE_DELAY_MS: integer({
    title: 'Restore delay',
    help: 'From the stop of the queues until the work that maps memory again and starts them.',
    unit: 'ms',
    min: 0,
    max: 1000,
    initial: 1,
    live: true,
    knob: constant('AMDGPU_SVM_RANGE_RESTORE_DELAY_MS', '47', [NO_CLOCK]),
  }),
});

export type AmdSvmParams = Readonly<z.infer<typeof amdSvmParams>>;
