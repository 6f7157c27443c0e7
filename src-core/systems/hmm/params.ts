import { z } from 'zod';
import { integer, toggle } from '../../contracts/params';
import { notifierSizeKnob } from '../../kit/linux/knobs';
import { fileBackedMigration, linuxParams } from '../../kit/linux/params';

export const hmmParams = z.object({
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
});
