/** What the processors of x86 machines are assumed to share: the figures behind the preset pcie4-16g. */
import { pcie4x16g } from '../machines/pcie4-16g';
import type { MachineTiming } from '../../model/machine';
import { carried, carriedAll } from './sourced';

const { cpuFirstTouch, cpuFault, hostBandwidth, kernelLaunch, link } = pcie4x16g.timing as MachineTiming;

/** Measured on MI300A, and only there its own. */
export const faultsOfMi300a = { cpuFirstTouch, cpuFault };
/** From logs of a GTX 1080 Ti, and only there its own. */
export const launchOfGtx1080Ti = { kernelLaunch };

export const x86Host = {
  ...carriedAll(faultsOfMi300a, 'the processor of an MI300A stands for others'),
  kernelLaunch: carried(kernelLaunch, 'as on a GTX 1080 Ti'),
  hostBandwidth,
};
export const pcieDuplex = link.duplex;
export const noHostMapping = pcie4x16g.hostMapsDevice;
