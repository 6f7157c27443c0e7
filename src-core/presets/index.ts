import type { MachineSpec } from '../model/machine';
import { readMachine } from './machine-file';
import { pcie4x16g } from './machines/pcie4-16g';
import { paperUvmsmart } from './machines/paper-uvmsmart';
import { r0 } from './machines/r0';

/** Every machine that ships; the order is the order in pickers. */
export const machines: readonly MachineSpec[] = [r0, pcie4x16g, paperUvmsmart];

/**
 * Reads a machine file: JSON of the shape of MachineSpec, quantities with or without units, `extends` naming a preset
 * to list only differences from it. Throws Refusal that names each wrong place. `name` is the file's name in messages.
 */
export const parseMachineFile = (text: string, name: string): MachineSpec => readMachine(text, name, machines);
