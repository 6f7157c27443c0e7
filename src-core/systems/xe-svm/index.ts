import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { LinuxMemory } from '../../kit/linux/linux-memory';
import { VERSION, xeSvmParams } from './params';
import { XeSvmBackend } from './mechanics/backend';

export const xeSvm = defineSystem({
  id: 'xe-svm',
  uses: ['hmm'],
  letter: '',
  title: 'Intel Xe SVM',
  summary:
    'Intel’s Xe driver on drm_gpusvm: faults create ranges of 2 MiB, 64 KiB or 4 KiB, migrate the whole range to VRAM or nothing, and bind it as a whole. Any invalidation unbinds whole ranges.',
  source: `drivers/gpu/drm/xe/xe_svm.c (${VERSION}), drm_gpusvm.c (0542972950ef), drm_pagemap.c (10dd1eaa80a5); docs/rules/drivers.md`,
  movement: 'on-demand',
  params: xeSvmParams,
  create(params, machine, kit: MemoryKit) {
    return new LinuxMemory(new XeSvmBackend(params), params, { ...kit, machine });
  },
});
