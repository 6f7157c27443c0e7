/** What the processors of x86 machines are assumed to share: the figures behind the preset pcie4-16g. */
import { pcie4x16g } from '../machines/pcie4-16g';
import type { MachineTiming } from '../../model/machine';

const { cpuFirstTouch, cpuFault, hostBandwidth, kernelLaunch, link } = pcie4x16g.timing as MachineTiming;

export const x86Host = { cpuFirstTouch, cpuFault, hostBandwidth, kernelLaunch };
export const pcieDuplex = link.duplex;
export const noHostMapping = pcie4x16g.hostMapsDevice;
