/**
 * Remote mapping first, migration when the device's access counter passes a threshold. Counts per granule and device;
 * the hardware counts per 64 KiB to 16 GiB region and has 256 counters (not modelled). CPU faults migrate at once: CPUs
 * have no such counters.
 */
import { z } from 'zod';
import { integer } from '../../contracts/params';
import { definePolicy } from '../../contracts/policy';
import { CPU } from '../../model/processor';

export const accessCounter = definePolicy({
  kind: 'migration',
  id: 'access-counter',
  title: 'Access counter',
  summary: 'A device first maps host memory remotely. The granule migrates after a number of accesses.',
  source: 'NVIDIA UVM driver 595.45.04, uvm_gpu_access_counters.c:42-44 (threshold 256).',
  params: z.object({
    threshold: integer({
      title: 'Threshold (uvm_perf_access_counter_threshold)',
      help: 'Remote accesses of one granule by one device before it is moved there.',
      unit: 'accesses',
      min: 1,
      max: 65535,
      initial: 256,
    }),
  }),
  create: ({ threshold }) => ({
    onFault: (processor) => (processor === CPU ? 'migrate' : 'map-remote'),
    counterThreshold: threshold,
  }),
});
