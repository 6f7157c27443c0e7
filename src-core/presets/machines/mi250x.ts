import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { MachineSpec, MachineTiming } from '../../model/machine';
import { cdnaFrontEnd } from '../parts/amd';
import { kneeOfSameCost } from '../parts/size-curve';
import { carried, from, GB_PER_S, ns } from '../parts/sourced';
import { mi210 } from './mi210';

const FABRIC =
  'Frontier node: 36 GB/s per direction between a die and the processor, 200 GB/s between the two dies of a package (Pearson, arXiv 2302.14827; Schieffer et al., 2024)';
const TO_HOST = 36 * GB_PER_S;
const BETWEEN_DIES = 200 * GB_PER_S;

/**
 * One die of an AMD Instinct MI250X beside an EPYC processor on Infinity Fabric, as in a Frontier node; the second die of
 * the package is the second device.
 */
export const mi250x: MachineSpec = {
  ...mi210,
  id: 'mi250x',
  title: 'AMD Instinct MI250X, one die, Infinity Fabric, 64 GB',
  summary: 'CDNA 2 die of a Frontier node; coherent fabric to the processor, the other die as a peer.',
  deviceMemory: from(
    bytes(64 * GIB),
    'AMD, Instinct MI250X data sheet: 128 GB HBM2e, half of it per die',
    'specification',
  ),
  hostMapsDevice: from(
    true,
    'AMD, CDNA 2 white paper: Infinity Fabric between EPYC and MI250X is cache-coherent; the kernel registers such memory as DEVICE_COHERENT',
    'specification',
  ),
  gpu: cdnaFrontEnd(
    from(110, 'AMD, Instinct MI250X data sheet: 220 compute units, half of them per die', 'specification'),
    carried(
      from(ns(436), 'Pointer chase on an MI210: 741 cycles at 1700 MHz (mt4g)', 'measured'),
      'as on an MI210, same die',
    ),
  ),
  timing: {
    ...(mi210.timing as MachineTiming),
    link: {
      asymptote: from(bytesPerSecond(TO_HOST), FABRIC, 'published'),
      kneePerKib: kneeOfSameCost(TO_HOST),
      duplex: from(true, FABRIC, 'published'),
    },
    peerLink: {
      asymptote: from(bytesPerSecond(BETWEEN_DIES), FABRIC, 'published'),
      kneePerKib: kneeOfSameCost(BETWEEN_DIES),
      duplex: from(true, FABRIC, 'published'),
    },
    remoteBandwidth: from(
      bytesPerSecond(TO_HOST),
      `Assumption: loads reach the rate of the link. ${FABRIC}`,
      'assumed',
    ),
  },
};
