import { z } from 'zod';
import { defineSystem } from '../../contracts/memory-system';
import { integer, toggle } from '../../contracts/params';
import { notifierSizeKnob } from '../../kit/linux/knobs';
import { fileBackedMigration, linuxParams } from '../../kit/linux/params';

export const hmm = defineSystem({
  id: 'hmm',
  letter: 'A',
  title: 'HMM on a non-coherent device',
  summary:
    'Device faults migrate anonymous memory to device-private pages; what cannot move is mirrored from host memory; a CPU touch brings pages back.',
  source: 'Linux mm/hmm.c, mm/migrate_device.c; the driver follows drm_gpusvm and test_hmm (linux-hmm-semantics.md)',
  followsPolicies: true,
  movement: 'on-demand',
  params: z.object({
    ...linuxParams,
    fileBackedMigration,
    exclusiveAtomics: toggle({
      title: 'Device-exclusive atomics',
      help: 'Device atomics on pages in host memory take them from the CPU (make_device_exclusive). Off: they go over the bus.',
      initial: true,
      live: true,
    }),
    windowMib: integer({
      title: 'Notifier window',
      help: 'Size of one interval notifier, svm_notifier_size of Xe: larger windows collide with more invalidations. In mid-run it holds for address spaces that a device meets from then on.',
      unit: 'MiB',
      min: 2,
      max: 1024 * 1024,
      initial: 512,
      live: true,
      knob: notifierSizeKnob,
    }),
  }),
});
