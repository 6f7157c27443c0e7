/** From a result of the calibration program to a machine file: for the command line, beside any run. */
import type { MachineSpec } from '../model/machine';
import { Refusal } from '../model/refusal';
import { machines, parseMachineFile } from '../presets';
import {
  explainCalibration,
  fitCalibration,
  keptFrom,
  machineFileText,
  presetOf,
  readCalibration,
} from '../presets/calibration';
import { valueText } from '../presets/calibration/sheet';
import { suggest } from '../workload/nearest';

/** What is taken where nothing was measured, when no preset is named like the device and the user names none. */
const DEFAULT_BASE = 'pcie4-16g';

export interface CalibrateWish {
  /** Id of the new machine. */
  readonly id: string;
  /** Preset for what was not measured; the one that is named like the device where absent. */
  readonly base?: string;
  /** Name of the file with the raw samples, for the sources. */
  readonly samplesFile: string;
}

export interface Calibrated {
  /** The new machine, as its file is read. */
  readonly machine: MachineSpec;
  readonly fileText: string;
  /** Id of the preset that it extends. */
  readonly base: string;
  readonly explanation: string;
  readonly constants: readonly {
    readonly path: string;
    readonly value: string;
    readonly grade: string;
    readonly residual: string | null;
  }[];
  readonly kept: readonly { readonly path: string; readonly why: string }[];
}

/**
 * Fits a machine to the samples in `text`. Throws Refusal for what is no such result, and when the preset does not
 * exist. The file that is answered has been read back.
 */
export function calibrate(text: string, name: string, wish: CalibrateWish): Calibrated {
  const calibration = readCalibration(text, name);
  const id = wish.base ?? presetOf(calibration.device.name, machines)?.id ?? DEFAULT_BASE;
  const base = machines.find((machine) => machine.id === id);
  if (!base)
    throw new Refusal(
      `there is no preset "${id}"; ${suggest(
        id,
        machines.map(({ id }) => id),
      )}`,
    );
  const fitted = fitCalibration(calibration, base);
  const fileText = machineFileText(calibration, fitted, base, wish.id, wish.samplesFile);
  return {
    machine: parseMachineFile(fileText, `${wish.id}.json`),
    fileText,
    base: base.id,
    explanation: explainCalibration(calibration, fitted, base, wish.samplesFile),
    constants: fitted.constants.map((constant) => ({
      path: constant.path,
      value: valueText(constant),
      grade: constant.grade,
      residual: constant.residual,
    })),
    kept: keptFrom(fitted, base).map(({ path, why }) => ({ path, why })),
  };
}
