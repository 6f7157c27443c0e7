import { KIB, MIB } from '../../../../src-core/base/units';
import { Link } from '../../../../src-core/hardware/link';
import { titanV } from '../../../../src-core/presets/machines/titan-v';
import { STATED, within, type ValidationRow } from '../row';
import { figure } from '../uvmsmart';

/** Microseconds of a batch of so many KiB (they print KB), without and with so many evictions. */
const published = (kb: number): number => 40 + 1.25 * kb;
const EVICTION_US = 180;
const FOUR_EVICTIONS_US = 910;
const FOUR_EVICTIONS_KB = 200;
/** The transfer takes less than so much of a batch. */
const TRANSFER_SHARE = 0.25;

export const v9: ValidationRow = {
  id: 'V9',
  title: 'Fault batches of a Titan V, without prefetch',
  source:
    'Allen and Ge, SC 2021: sgemm 16384, 256 entries per batch; read off figures of repository tallendev/uvm-eval [FIG]',
  why: 'This row is the calibration of the preset titan-v, so the batch is no evidence for the engine; what is stated is what remains. Every page is a copy of its own, in 11 blocks per batch where sgemm has 7. An eviction costs less than the 180 us that the text gives, because its copy runs beside the driver; the second figure of the source, 0.91 ms for 200 KB with four evictions, implies 155 us.',
  compare: async (run) => {
    const fits = await run('titan-v-batches');
    const evicts = await run('titan-v-batches', { deviceMemoryBytes: 128 * MIB });
    const us = ({ totals }: typeof fits): number => totals.simTimePs / 1e6;
    const { batches, bytesToDevice } = fits.totals;
    const each = us(evicts) - us(fits);
    const roots = evicts.system!.figures!.find(({ id }) => id === 'evictedRoots')!.value!;
    // Pages lie apart: each is a transfer of its own, and they follow one another on the link.
    const pagePs = new Link(titanV.timing!.link).durationPs(4 * KIB);
    const transferShare = (figure(fits, 'transfersToDevice') * pagePs) / fits.totals.simTimePs;
    return {
      comparisons: [
        {
          what: `batch of ${Math.round(bytesToDevice / KIB / batches)} KiB`,
          unit: 'us',
          published: published(bytesToDevice / KIB / batches),
          ours: us(fits) / batches,
          rule: within(0.03),
        },
        { what: 'eviction, by the text', unit: 'us', published: EVICTION_US, ours: each / roots, rule: STATED },
        {
          what: 'eviction, by the second figure',
          unit: 'us',
          published: (FOUR_EVICTIONS_US - published(FOUR_EVICTIONS_KB)) / 4,
          ours: each / roots,
          rule: STATED,
        },
      ],
      statements: [
        {
          what: `transfers take less than ${TRANSFER_SHARE * 100} % of the time of batches`,
          seen: `${(transferShare * 100).toFixed(1)} %`,
          holds: transferShare < TRANSFER_SHARE,
        },
      ],
    };
  },
};
