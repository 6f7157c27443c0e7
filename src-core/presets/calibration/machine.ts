/** Machine files from fitted constants: differences over a preset, each with where it comes from. */
import { PS_PER_NS } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import { Refusal } from '../../model/refusal';
import type { Calibration } from './document';
import type { Fitted } from './constants';
import type { Constant } from './sheet';

const MOST_TITLE = 120;
const MOST_SUMMARY = 400;

/** When, where and by what the samples were made, for the source of each constant. */
export function provenance({ date, device, note }: Calibration, samplesFile: string): string {
  const driver = device.driver === null ? 'driver version not recorded' : `driver ${device.driver}`;
  return `calibrate.cu on ${device.name}, ${device.runtime} ${device.runtimeVersion}, ${driver}, ${date}, samples in ${samplesFile}${note === undefined ? '' : ` (${note})`}`;
}

/** As a machine file writes it: whole picoseconds and bytes, rates with a unit. */
function written({ value, unit }: Constant): unknown {
  if (typeof value === 'boolean') return value;
  switch (unit) {
    case 'rate':
      return value >= 1e8 ? `${(value / 1e9).toFixed(4)}GB/s` : `${(value / 1e6).toFixed(4)}MB/s`;
    case 'ns':
      return value >= 10_000 ? `${Math.round(value)}ns` : `${Math.round(value * PS_PER_NS)}ps`;
    case 'perKib':
    case 'share':
      return Number(value.toPrecision(6));
    case 'bytes':
    case 'count':
    case 'flag':
      return value;
  }
}

type Plain = Record<string, unknown>;

function put(target: Plain, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = target;
  for (const key of keys) at = (at[key] ??= {}) as Plain;
  at[last] = value;
}

/**
 * The text of a machine file.
 * @param id of the new machine
 * @param samplesFile name of the file with the raw samples, beside the machine file
 */
export function machineFileText(
  calibration: Calibration,
  fitted: Fitted,
  base: MachineSpec,
  id: string,
  samplesFile: string,
): string {
  if (base.timing === null)
    throw new Refusal(
      `${base.id} only counts, so measured times have no place in it; extend a timed machine, such as pcie4-16g`,
    );
  const origin = provenance(calibration, samplesFile);
  const day = calibration.date.slice(0, 10);
  const file: Plain = {
    extends: base.id,
    id,
    title: `${calibration.device.name}, measured ${day}`.slice(0, MOST_TITLE),
    summary:
      `Measured on ${calibration.device.name} at ${calibration.host.system} on ${day}; what was not measured is taken from ${base.id} (${base.title}).`.slice(
        0,
        MOST_SUMMARY,
      ),
  };
  for (const constant of fitted.constants) {
    const residual = constant.residual === null ? '' : `; ${constant.residual}`;
    put(file, constant.path, {
      value: written(constant),
      source: `${constant.samples}; ${constant.formula}${residual}; ${origin}`,
      grade: constant.grade,
    });
  }
  return `${JSON.stringify(file, null, 2)}\n`;
}
