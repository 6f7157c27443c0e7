import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { MIB } from '../../base/units';
import { PAGE_BYTES } from '../../kernel/page';
import { hmmParams } from './params';
import { HmmBackend, mirrorOptions, type HmmOptions } from './mechanics/backend';

export const hmm = defineSystem({
  id: 'hmm',
  letter: 'A',
  title: 'HMM on a non-coherent device',
  summary:
    'Device faults migrate anonymous memory to device-private pages. Memory that cannot migrate is mirrored from host memory. A CPU access brings pages back.',
  source: 'Linux mm/hmm.c, mm/migrate_device.c; the driver follows drm_gpusvm and test_hmm (docs/rules/migrate-vma.md)',
  followsPolicies: true,
  movement: 'on-demand',
  params: hmmParams,
  create(params, machine, kit: MemoryKit) {
    const options = (): HmmOptions => ({
      ...mirrorOptions(kit.granuleBytes),
      migrates: true,
      fileBacked: params.fileBackedMigration,
      exclusiveAtomics: params.exclusiveAtomics,
      windowPages: (params.windowMib * MIB) / PAGE_BYTES,
    });
    return new LinuxMemory(new HmmBackend(options), params, { ...kit, machine });
  },
});
