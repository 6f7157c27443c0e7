import { GIB, KIB } from '../../../../src-core/base/units';
import { Link } from '../../../../src-core/hardware/link';
import { paperUvmsmart } from '../../../../src-core/presets/machines/paper-uvmsmart';
import { within, type ValidationRow } from '../row';

/** GiB/s by transfer size in KiB. */
const PUBLISHED: readonly (readonly [number, number])[] = [
  [4, 2.17],
  [8, 4.03],
  [16, 6.59],
  [32, 8.91],
  [64, 10.39],
  [128, 11.18],
  [256, 11.59],
  [512, 11.8],
  [1024, 11.9],
];

export const v8: ValidationRow = {
  id: 'V8',
  title: 'Rate of a PCIe 3 x16 transfer by its size',
  source: 'UVMSmart: formula in the source and times in the logs [SRC] [LOG]',
  why: 'The link of the preset paper-uvmsmart has the simulator’s two constants; what is compared is the rate that the link model gives.',
  compare: () => {
    const link = new Link(paperUvmsmart.timing!.link);
    return Promise.resolve({
      comparisons: PUBLISHED.map(([size, published]) => ({
        ...{ what: `${size} KiB`, unit: 'GiB/s', published, rule: within(0.01) },
        ours: link.rate(size * KIB) / GIB,
      })),
    });
  },
};
