import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { integer } from '../../contracts/params';
import { linuxParams } from './params';

export const amdSvm = defineSystem({
  id: 'amd-svm',
  letter: '',
  title: 'AMD KFD SVM',
  summary:
    'The amdgpu driver’s shared virtual memory: ranges with attributes, migrated in aligned pieces by retry faults (XNACK), evicted from VRAM as whole buffer objects.',
  source:
    'Linux drivers/gpu/drm/amd/amdkfd/kfd_svm.c and kfd_migrate.c, 6.12 and torvalds/linux 006ad514a50c (linux-hmm-semantics.md section 14)',
  params: z.object({
    ...linuxParams,
    svm_default_granularity: integer({
      title: 'Default granularity of ranges',
      help: 'log2 of pages: size and alignment of what one fault migrates, and of ranges that nobody registered. 9: 2 MiB.',
      unit: 'log2(pages)',
      min: 0,
      max: 0x1b,
      initial: 9,
      knob: {
        name: 'svm_default_granularity',
        where: 'amdgpu module',
        source: 'amdgpu_drv.c:184,337-342, kfd_svm.c, Linux 6.12',
        outside: 'nearest',
      },
    }),
  }),
});
