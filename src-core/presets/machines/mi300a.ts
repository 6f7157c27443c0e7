import { bytes, bytesPerSecond, GIB } from '../../base/units';
import type { DriverCosts, MachineSpec } from '../../model/machine';
import { cdnaFrontEnd, kfdService, oneFaultAtATime } from '../parts/amd';
import { kneeOfSameCost } from '../parts/size-curve';
import { from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { faultsOfMi300a, x86Host } from '../parts/x86-host';

const MT4G = 'mt4g, AMD Instinct MI300A (repository caps-tum/mt4g, sample_results)';
const READ = 3023 * GIB;
const PEER = 104 * GB_PER_S;

const driver: DriverCosts = {
  ...kfdService,
  zeroing: from(
    bytesPerSecond(5.13 * GB_PER_S),
    'arXiv 2508.12743: 1.1 M major against 9.0 M minor pages/s leaves 0.798 us to allocate and zero a page of 4 KiB',
    'derived',
  ),
};

/**
 * One AMD Instinct MI300A: processor and GPU on one pool of HBM3, so nothing has to move; host and device memory are the
 * same in kind, and what lies "remote" is read at the same rate. The link stands for copies inside the package; a second
 * device is another APU of the node.
 */
export const mi300a: MachineSpec = {
  id: 'mi300a',
  title: 'AMD Instinct MI300A, one pool of HBM3, 128 GB',
  summary: 'Processor and GPU on one physical memory; page faults measured, memory measured.',
  deviceMemory: from(bytes(118_111_600_640), `Memory that the HIP runtime reports, of 128 GB (${MT4G})`, 'measured'),
  faultBatchEntries: oneFaultAtATime,
  hostMapsDevice: from(
    true,
    'AMD, CDNA 3 white paper: processor and GPU of MI300A share one coherent physical memory',
    'specification',
  ),
  gpu: cdnaFrontEnd(
    from(228, `Compute units that the HIP runtime reports (${MT4G})`, 'specification'),
    from(ns(412), `Pointer chase: 866 cycles at 2100 MHz (${MT4G})`, 'measured'),
  ),
  timing: {
    ...x86Host,
    ...faultsOfMi300a,
    link: {
      asymptote: from(
        bytesPerSecond(READ / 2),
        `Assumption: a copy inside one memory reads and writes it, half of the read rate of 3,023 GiB/s each (${MT4G})`,
        'assumed',
      ),
      kneePerKib: kneeOfSameCost(READ / 2),
      duplex: from(false, 'Definition: both directions of a copy use the one memory', 'definition'),
    },
    peerLink: {
      asymptote: from(
        bytesPerSecond(PEER),
        '81 % of 128 GB/s per direction, two links of 64 GB/s between two APUs (Schieffer et al., arXiv 2508.11298)',
        'derived',
      ),
      kneePerKib: kneeOfSameCost(PEER),
      duplex: from(true, 'Schieffer et al., arXiv 2508.11298: 64 GB/s per link and direction', 'published'),
    },
    ...wholeBatch(driver),
    deviceBandwidth: from(bytesPerSecond(READ), `Read bandwidth of kernels, 3,023 GiB/s (${MT4G})`, 'measured'),
    remoteBandwidth: from(
      bytesPerSecond(READ),
      `There is one memory: whatever lies in the processor's part is as fast (${MT4G})`,
      'derived',
    ),
  },
};
