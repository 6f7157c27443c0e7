import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import {
  demotionKnob,
  hotThresholdKnob,
  promoteRateKnob,
  promotionKnob,
  scanPeriodOfTieringKnob,
} from '../../kit/linux/knobs';
import { linuxParams } from '../../kit/linux/params';

export const tieringParams = z.object({
  ...linuxParams,
  promotion: toggle({
    title: 'Promotion',
    help: 'numa_balancing = 2: hint faults promote hot pages. Off: 0; demoted pages stay in the lower tier.',
    initial: true,
    live: true,
    knob: promotionKnob,
  }),
  demotion: toggle({
    title: 'Demotion',
    help: '/sys/kernel/mm/numa/demotion_enabled.',
    initial: true,
    live: true,
    knob: demotionKnob,
  }),
  hotThresholdMs: integer({
    title: 'Hot threshold',
    help: 'Hint-fault latency below which a page is promoted (numa_balancing_hot_threshold_ms).',
    unit: 'ms',
    min: 1,
    max: 100_000,
    initial: 1000,
    live: true,
    knob: hotThresholdKnob,
  }),
  promoteRateMbps: integer({
    title: 'Promotion rate limit',
    help: 'numa_balancing_promote_rate_limit_MBps, per node.',
    unit: 'MB/s',
    min: 1,
    max: 1_000_000,
    initial: 65_536,
    live: true,
    knob: promoteRateKnob,
  }),
  scanPeriodMs: integer({
    title: 'Scan period',
    help: 'Simulated time between two scans of an address space.',
    unit: 'ms',
    min: 1,
    max: 60_000,
    initial: 1000,
    live: true,
    knob: scanPeriodOfTieringKnob,
  }),
});
