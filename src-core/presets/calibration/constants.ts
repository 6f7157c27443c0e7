/**
 * From raw samples to the constants of a machine: which samples, which formula, how well it fits. What was not measured
 * is named with the reason, and stays what the preset below says.
 */
import { formatBytes } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import type { Calibration } from './document';
import { readDriver } from './driver-part';
import { readBatches, readCpuFault, readCpuFirstTouch } from './fault-part';
import { median } from './fit';
import { readLink, type LinkFits } from './link-part';
import { add, emptySheet, lack, scatterText, whyMissing, type Sheet } from './sheet';

const NS_PER_S = 1e9;
/** What one request across the bus carries where the preset does not say: a cache line of NVIDIA's L2. */
const USUAL_REQUEST_BYTES = 128;

export interface Fitted extends Sheet {
  readonly link: LinkFits | null;
}

/** Values reported by the runtime. */
function readDevice(calibration: Calibration, base: MachineSpec, sheet: Sheet): void {
  const { device, host } = calibration;
  const told = (what: string): { samples: string; formula: string; residual: null } => ({
    samples: what,
    formula: 'as the runtime reports it',
    residual: null,
  });
  const total = Math.floor(device.totalBytes / 4096) * 4096;
  add(sheet, 'deviceMemory', total, 'bytes', told('device.totalBytes (MemGetInfo)'));
  add(sheet, 'hostPage', host.pageBytes, 'bytes', told('host.pageBytes (sysconf)'));
  add(sheet, 'hostMapsDevice', device.directManagedMemAccessFromHost, 'flag', told('directManagedMemAccessFromHost'));
  if (!base.gpu) return;
  add(sheet, 'gpu.smCount', device.multiprocessors, 'count', told('device.multiprocessors'));
  add(sheet, 'gpu.threadsPerWarp', device.threadsPerWarp, 'count', told('device.threadsPerWarp'));
  add(
    sheet,
    'gpu.warpsPerSm',
    Math.max(1, Math.floor(device.threadsPerMultiprocessor / device.threadsPerWarp)),
    'count',
    {
      ...told('device.threadsPerMultiprocessor and threadsPerWarp'),
      formula: 'threads per multiprocessor ÷ threads per warp',
    },
  );
}

function bandwidth(sheet: Sheet, path: string, bytes: number, ns: readonly number[], samples: string): number | null {
  const middle = median(ns);
  if (middle <= 0) {
    lack(sheet, [path], 'the samples took no time that the clock could see');
    return null;
  }
  const value = (bytes * NS_PER_S) / middle;
  add(sheet, path, value, 'rate', {
    samples: `${samples}: ${ns.length} samples of ${formatBytes(bytes)}`,
    formula: 'bytes ÷ median',
    residual: scatterText(ns),
  });
  return value;
}

function readRemote(calibration: Calibration, base: MachineSpec, sheet: Sheet): void {
  const { remote } = calibration.samples;
  const depth = ['timing.remote.latency', 'timing.remote.inFlight', 'timing.remote.requestBytes'] as const;
  if (!remote) {
    lack(sheet, ['timing.remoteBandwidth', ...depth], whyMissing(calibration, 'remote'));
    return;
  }
  const rate = bandwidth(sheet, 'timing.remoteBandwidth', remote.bytes, remote.readNs, 'remote.readNs');
  const latency = median(remote.loadNs);
  if (rate === null || latency <= 0) {
    lack(sheet, depth, 'bandwidth or latency took no time that the clock could see');
    return;
  }
  add(sheet, depth[0], latency, 'ns', {
    samples: `remote.loadNs: ${remote.loadNs.length} chains of dependent loads, each of a line that was not read before`,
    formula: 'median of the mean per load',
    residual: scatterText(remote.loadNs),
  });
  const known = base.timing?.remote?.requestBytes;
  const request = known?.value ?? USUAL_REQUEST_BYTES;
  if (!known)
    add(sheet, depth[2], request, 'bytes', {
      grade: 'assumed',
      samples: 'none',
      formula: 'a cache line of 128 bytes, since the preset says nothing',
      residual: null,
    });
  add(sheet, depth[1], Math.max(1, Math.ceil((rate * latency) / NS_PER_S / request)), 'count', {
    grade: 'derived',
    samples: 'remote.readNs and remote.loadNs',
    formula: `Little's law: bandwidth × latency ÷ requests of ${formatBytes(request)}, rounded up`,
    residual: null,
  });
}

function readLocal(calibration: Calibration, sheet: Sheet): void {
  const { local, kernelLaunch } = calibration.samples;
  if (local) {
    bandwidth(sheet, 'timing.deviceBandwidth', local.bytes, local.deviceReadNs, 'local.deviceReadNs, the whole device');
    bandwidth(sheet, 'timing.hostBandwidth', local.bytes, local.hostReadNs, 'local.hostReadNs, one thread of the host');
  } else lack(sheet, ['timing.deviceBandwidth', 'timing.hostBandwidth'], whyMissing(calibration, 'local'));
  if (kernelLaunch)
    add(sheet, 'timing.kernelLaunch', median(kernelLaunch.ns), 'ns', {
      samples: `kernelLaunch: ${kernelLaunch.ns.length} empty kernels`,
      formula: 'median, from the launch until the host knows of the end',
      residual: scatterText(kernelLaunch.ns),
    });
  else lack(sheet, ['timing.kernelLaunch'], whyMissing(calibration, 'kernelLaunch'));
}

/** Everything that a result says about a machine that is like `base` where nothing was measured. */
export function fitCalibration(calibration: Calibration, base: MachineSpec): Fitted {
  const sheet = emptySheet();
  readDevice(calibration, base, sheet);
  const link = readLink(calibration, sheet);
  readDriver(calibration, base, readBatches(calibration, base, link, sheet), sheet);
  readCpuFirstTouch(calibration, sheet);
  readCpuFault(calibration, link, sheet);
  readRemote(calibration, base, sheet);
  readLocal(calibration, sheet);
  lack(
    sheet,
    ['timing.evictionFixed'],
    'eviction is never provoked: the program uses under a quarter of the free memory',
  );
  lack(sheet, ['faultBatchEntries'], 'a setting of the driver, which a program cannot see');
  return { ...sheet, link };
}
