/** What kernel a run has: its profile, its nodes and its knobs, from the parameters of the memory system. */
import type { SystemChoice } from '../../model/memory-system';
import type { Kernel, KernelConfig } from '../../kernel/kernel';
import { PAGE_BYTES } from '../../kernel/page';
import type { MemoryConfig } from '../memory-system';
import type { Backend } from './backend';

/** Pages of one MiB, the unit of `hostMemory` and `swap`. */
const PAGES_PER_MIB = 256;

/** What can be written while a kernel runs. A system without the parameter has 1: memory of others is of another kind. */
const sysctls = (params: SystemChoice['params']): Pick<Kernel, 'thp' | 'zoneReclaim'> => ({
  thp: params['thp'] as KernelConfig['thp'],
  zoneReclaim: params['zone_reclaim_mode'] !== 0,
});

/** The same, with other values in mid-run. */
export function retuneKernel(kernel: Kernel, params: SystemChoice['params']): void {
  const { thp, zoneReclaim } = sysctls(params);
  kernel.thp = thp;
  kernel.zoneReclaim = zoneReclaim;
}

export function kernelConfigOf({ params }: SystemChoice, backend: Backend, config: MemoryConfig): KernelConfig {
  const hostMib = params['hostMemory'] as number;
  const devicePages = Math.floor(config.deviceMemoryBytes / PAGE_BYTES);
  return {
    profile: params['profile'] as 'cur' | '612',
    contents: params['contents'] === true,
    nodes: [
      {
        name: 'host',
        pages: hostMib > 0 ? hostMib * PAGES_PER_MIB : (backend.hostPages?.(devicePages) ?? Number.MAX_SAFE_INTEGER),
        fallback: true,
        kernelAllocations: true,
        movable: false,
      },
      ...backend.nodes(devicePages, config.devices),
    ],
    swapPages: (params['swap'] as number) * PAGES_PER_MIB,
    ...sysctls(params),
    basePages: backend.basePages ?? 1,
    hugetlbPages: Number.MAX_SAFE_INTEGER,
  };
}
