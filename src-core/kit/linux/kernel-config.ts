/** The kernel of a run: its profile, its nodes and its knobs, from the parameters of the memory system. */
import type { Kernel, KernelConfig } from '../../kernel/kernel';
import { PAGE_BYTES } from '../../kernel/page';
import type { MemoryConfig } from '../memory-system';
import type { Backend } from './backend';
import type { LinuxParams } from './params';

/** Pages of one MiB, the unit of `hostMemory` and `swap`. */
const PAGES_PER_MIB = 256;

/** What can be written while a kernel runs. A system without the parameter has 1: memory of others is of another kind. */
const sysctls = ({ thp, zone_reclaim_mode: mode }: LinuxParams): Pick<Kernel, 'thp' | 'zoneReclaim'> => ({
  thp,
  zoneReclaim: mode !== 0,
});

/** The same, with other values during the run. */
export function retuneKernel(kernel: Kernel, params: LinuxParams): void {
  const { thp, zoneReclaim } = sysctls(params);
  kernel.thp = thp;
  kernel.zoneReclaim = zoneReclaim;
}

export function kernelConfigOf(params: LinuxParams, backend: Backend, config: MemoryConfig): KernelConfig {
  const { hostMemory: hostMib, profile, contents, swap } = params;
  const devicePages = Math.floor(config.deviceMemoryBytes / PAGE_BYTES);
  return {
    profile,
    contents,
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
    swapPages: swap * PAGES_PER_MIB,
    ...sysctls(params),
    basePages: backend.basePages ?? 1,
    hugetlbPages: Number.MAX_SAFE_INTEGER,
  };
}
