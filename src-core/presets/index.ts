import type { MachineSpec } from '../model/machine';
import { readMachine } from './machine-file';
import { a100Pcie } from './machines/a100-pcie';
import { arcB580 } from './machines/arc-b580';
import { cxlExpander } from './machines/cxl-expander';
import { gh200 } from './machines/gh200';
import { gtx1080Ti } from './machines/gtx-1080-ti';
import { h100Pcie } from './machines/h100-pcie';
import { h200 } from './machines/h200';
import { mi210 } from './machines/mi210';
import { mi250x } from './machines/mi250x';
import { mi300a } from './machines/mi300a';
import { pcie4x16g } from './machines/pcie4-16g';
import { paperUvmsmart } from './machines/paper-uvmsmart';
import { r0 } from './machines/r0';
import { rtx3090 } from './machines/rtx-3090';
import { titanV } from './machines/titan-v';
import { v100Power9 } from './machines/v100-power9';

/** Every machine that ships; the order is the order in pickers. */
export const machines: readonly MachineSpec[] = [
  r0,
  pcie4x16g,
  gtx1080Ti,
  titanV,
  v100Power9,
  a100Pcie,
  rtx3090,
  h100Pcie,
  h200,
  gh200,
  mi210,
  mi250x,
  mi300a,
  arcB580,
  cxlExpander,
  paperUvmsmart,
];

/**
 * Reads a machine file: JSON of the shape of MachineSpec, quantities with or without units, `extends` naming a preset
 * to list only differences from it. Throws Refusal that names each wrong place. `name` is the file's name in messages.
 */
export const parseMachineFile = (text: string, name: string): MachineSpec => readMachine(text, name, machines);
