import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import { xnackKnob } from '../../kit/linux/knobs';
import { linuxParams, zoneReclaimMode } from '../../kit/linux/params';
import { nodeParams } from '../coherent/params';

export const mi300aParams = z.object({
  ...linuxParams,
  apus: integer({
    title: 'APUs of the node',
    help: 'Each APU is a NUMA node with as much memory as the device. A full APU spills to the others. There is at least one APU for each GPU of the workload.',
    unit: 'APUs',
    min: 1,
    max: 8,
    initial: 4,
  }),
  xnack: toggle({
    title: 'XNACK',
    help: 'GPU faults are retried (HSA_XNACK=1 of the process). Off: a GPU reaches only registered memory (advise accessed-by, migrate), which is mapped at once and again after each change; memory from malloc gives EFAULT.',
    initial: true,
    knob: xnackKnob,
  }),
  svm_default_granularity: integer({
    title: 'Default granularity of ranges',
    help: 'log2 of the number of aligned pages that one GPU fault populates and maps. 9: 2 MiB.',
    unit: 'log2(pages)',
    min: 0,
    max: 0x1b,
    initial: 9,
    live: true,
    knob: {
      name: 'svm_default_granularity',
      where: 'amdgpu module',
      source: 'amdgpu_drv.c:184,337-342, kfd_svm.c, Linux 6.12',
      outside: 'nearest',
      noEffect: [{ when: [{ param: 'xnack', is: false }], why: 'without XNACK no fault is retried' }],
    },
  }),
  zone_reclaim_mode: zoneReclaimMode,
  numaBalancing: nodeParams.numaBalancing,
  scanPeriodMs: nodeParams.scanPeriodMs,
});

export type Mi300aParams = Readonly<z.infer<typeof mi300aParams>>;
