/** UVMSmart simulates one GPU whose faults come one at a time, whatever the machine's driver does. */
import { Refusal } from '../../../model/refusal';
import type { MemoryConfig } from '../../../kit/memory-system';
import type { UvmsmartParams } from '../params';
import { PAGE_BYTES } from '../decisions/units';
import { UvmsmartMemory } from './memory';

export function createUvmsmart(params: UvmsmartParams, config: MemoryConfig): UvmsmartMemory {
  if (config.devices > 1)
    throw new Refusal(
      `the memory system "uvmsmart" simulates one GPU, and this workload uses ${config.devices}; use gpu0 alone, or another memory system`,
    );
  if (config.deviceMemoryBytes < PAGE_BYTES)
    throw new Refusal(
      `device memory of ${config.deviceMemoryBytes} bytes is less than one page of 4 KiB, the unit of the memory system "uvmsmart"; use at least 4KiB`,
    );
  const alone = {
    value: 1,
    source: 'UVMSmart has no fault buffer: gmmu_t handles each fault separately',
    grade: 'definition' as const,
  };
  return new UvmsmartMemory(params, {
    ...config,
    granuleBytes: PAGE_BYTES,
    machine: { ...config.machine, faultBatchEntries: alone },
  });
}
