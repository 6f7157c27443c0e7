import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import { notifierSizeKnob } from '../../kit/linux/knobs';
import { fileBackedMigration, linuxParams } from '../../kit/linux/params';

export const hmmParams = z.object({
  ...linuxParams,
  fileBackedMigration,
  exclusiveAtomics: toggle({
    title: 'Device-exclusive atomics',
    help: 'For an atomic, the device gets exclusive access to a page in host memory (make_device_exclusive). Off: atomics use the link.',
    initial: true,
    live: true,
  }),
  windowMib: integer({
    title: 'Notifier window',
    help: 'Size of one interval notifier, svm_notifier_size of Xe: larger windows collide with more invalidations. A change during the run applies to address spaces that a device uses for the first time after it.',
    unit: 'MiB',
    min: 2,
    max: 1024 * 1024,
    initial: 512,
    live: true,
    knob: notifierSizeKnob,
  }),
});
