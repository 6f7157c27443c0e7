/** What a calibration found, for people: each constant with its evidence, what was not recorded, how the machine behaved. */
import { PS_PER_NS } from '../../base/units';
import type { MachineSpec, Sourced } from '../../model/machine';
import { behaviourLines } from './behaviour';
import type { Fitted } from './constants';
import type { Calibration } from './document';
import { provenance } from './machine';
import { valueText, type ConstantUnit } from './sheet';

const MANY_WHY = 'the program does not measure it';

/** Every constant of a machine with its path, in the order of the machine. */
function constantsIn(value: object, path = ''): readonly (readonly [string, Sourced<unknown>])[] {
  if ('source' in value && 'value' in value && 'grade' in value) return [[path, value as Sourced<unknown>]];
  return Object.entries(value).flatMap(([key, below]) =>
    typeof below === 'object' && below !== null
      ? constantsIn(below as object, path === '' ? key : `${path}.${key}`)
      : [],
  );
}

const SIZES = ['deviceMemory', 'hostPage', 'requestBytes', 'tlbReach'];
const COUNTS = [
  ...['faultBatchEntries', 'inFlight', 'copyEnginesPerDirection', 'faultBufferEntries'],
  ...['smCount', 'warpsPerSm', 'threadsPerWarp', 'smsPerUtlb', 'faultsPerUtlb'],
];

/** Unit of a machine's constant by its name; whatever is nothing else is a time. */
function unitOf(name: string): ConstantUnit {
  if (SIZES.includes(name)) return 'bytes';
  if (/Bandwidth$|^asymptote|^zeroing$/.test(name)) return 'rate';
  if (name === 'kneePerKib') return 'perKib';
  if (name === 'curveError') return 'share';
  return COUNTS.includes(name) ? 'count' : 'ns';
}

function keptText(path: string, { value, grade, source }: Sourced<unknown>): string {
  const unit = unitOf(path.slice(path.lastIndexOf('.') + 1));
  const shown =
    typeof value === 'number' ? valueText({ value: unit === 'ns' ? value / PS_PER_NS : value, unit }) : String(value);
  return `${path}  ${shown}  (${grade}: ${source})`;
}

/** A preset's constant and why it is still in force. */
export interface Kept {
  readonly path: string;
  readonly why: string;
  /** null: the preset has none either. */
  readonly constant: Sourced<unknown> | null;
}

/** What stays as the preset says, or stays unsaid: nothing is ever set to zero for want of a sample. */
export function keptFrom(fitted: Fitted, base: MachineSpec): readonly Kept[] {
  const measured = new Set(fitted.constants.map(({ path }) => path));
  const why = new Map(fitted.missing.map((each) => [each.path, each.why]));
  const inBase = constantsIn(base)
    .filter(([path]) => !measured.has(path))
    .map(([path, constant]) => ({ path, constant, why: why.get(path) ?? MANY_WHY }));
  const known = new Set(inBase.map(({ path }) => path));
  const nowhere = fitted.missing.filter(({ path }) => !known.has(path)).map((each) => ({ ...each, constant: null }));
  return [...inBase, ...nowhere];
}

export function explainCalibration(
  calibration: Calibration,
  fitted: Fitted,
  base: MachineSpec,
  samplesFile: string,
): string {
  const lines = [provenance(calibration, samplesFile), '', `Measured (${fitted.constants.length} constants)`];
  for (const constant of fitted.constants) {
    lines.push(
      `  ${constant.path}  ${valueText(constant)}  (${constant.grade})`,
      `      samples: ${constant.samples}`,
      `      formula: ${constant.formula}`,
    );
    if (constant.residual !== null) lines.push(`      residual: ${constant.residual}`);
  }
  lines.push('', `Not recorded, taken from ${base.id}`);
  for (const { path, why, constant } of keptFrom(fitted, base))
    lines.push(constant === null ? `  ${path}  not known` : `  ${keptText(path, constant)}`, `      why: ${why}`);
  lines.push('', 'Behaviour', ...behaviourLines(calibration, fitted).map((line) => `  ${line}`));
  return lines.join('\n');
}
