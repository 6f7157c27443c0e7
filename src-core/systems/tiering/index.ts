import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { NodeBackend, STILL, type NodeOptions } from '../coherent/mechanics/backend';
import { tieringParams } from './params';

export const tiering = defineSystem({
  id: 'tiering',
  uses: ['coherent'],
  letter: '',
  title: 'CXL tiering of the host',
  summary:
    'Device memory is a slower tier of the host. Reclaim demotes cold pages to it before it swaps; hint faults promote hot pages.',
  source: 'Linux memory tiers and NUMA balancing mode 2 (rules U1 to U6 of docs/rules/files-and-nodes.md)',
  params: tieringParams,
  create(params, machine, kit: MemoryKit) {
    const options = (): NodeOptions => ({
      ...STILL,
      scanPeriodMs: params.scanPeriodMs,
      tiering: {
        promotion: params.promotion,
        demotion: params.demotion,
        hotThresholdMs: params.hotThresholdMs,
        rateMbps: params.promoteRateMbps,
      },
    });
    return new LinuxMemory(new NodeBackend(options), params, { ...kit, machine });
  },
});
