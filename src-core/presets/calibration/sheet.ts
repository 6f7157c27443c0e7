/** What a result of calibrate.cu says about a machine, constant by constant. */
import { formatBytes, formatTime, PS_PER_NS } from '../../base/units';
import type { Sourced } from '../../model/machine';
import type { Calibration, CalibrationPart } from './document';
import { scatter } from './fit';

/** Base units: bytes, bytes per second, nanoseconds. */
export type ConstantUnit = 'bytes' | 'rate' | 'ns' | 'perKib' | 'share' | 'count' | 'flag';

export interface Constant {
  /** Path in a machine file, such as `timing.link.asymptote`. */
  readonly path: string;
  readonly value: number | boolean;
  readonly unit: ConstantUnit;
  readonly grade: Sourced<unknown>['grade'];
  /** Which samples it is made from. */
  readonly samples: string;
  readonly formula: string;
  /** How far samples or fit scatter, in words; null where a value was only read out. */
  readonly residual: string | null;
}

/** A constant that the samples do not give. */
export interface Missing {
  readonly path: string;
  readonly why: string;
}

export type Evidence = Pick<Constant, 'samples' | 'formula' | 'residual'> & Partial<Pick<Constant, 'grade'>>;

export interface Sheet {
  readonly constants: Constant[];
  readonly missing: Missing[];
}

export const emptySheet = (): Sheet => ({ constants: [], missing: [] });

export function add(sheet: Sheet, path: string, value: number | boolean, unit: ConstantUnit, evidence: Evidence): void {
  sheet.constants.push({ path, value, unit, grade: 'measured', ...evidence });
}

export function lack(sheet: Sheet, paths: readonly string[], why: string): void {
  for (const path of paths) sheet.missing.push({ path, why });
}

/** The reason that the document gives for a part that is not there. */
export function whyMissing(calibration: Calibration, part: CalibrationPart): string {
  const told = calibration.notRecorded.find((each) => each.part === part);
  return `part "${part}" is not in the result${told ? `: ${told.reason}` : ''}`;
}

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Scatter of samples, in words. */
export const scatterText = (values: readonly number[]): string =>
  values.length < 3 ? `${values.length} samples` : `middle half of the samples within ±${percent(scatter(values))}`;

/** A constant's value as people write it. */
export function valueText({ value, unit }: Pick<Constant, 'value' | 'unit'>): string {
  if (typeof value === 'boolean') return String(value);
  switch (unit) {
    case 'bytes':
      return formatBytes(value);
    case 'rate':
      return value >= 1e8 ? `${(value / 1e9).toFixed(3)} GB/s` : `${(value / 1e6).toFixed(3)} MB/s`;
    case 'ns':
      return formatTime(value * PS_PER_NS);
    case 'perKib':
      return `${value.toPrecision(4)} per KiB`;
    case 'share':
      return percent(value);
    case 'count':
    case 'flag':
      return String(value);
  }
}
