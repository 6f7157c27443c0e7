/** The preset that a calibrated machine extends by default. */
import type { MachineSpec } from '../../model/machine';

const wordsOf = (text: string): readonly string[] => text.toLowerCase().split(/[^a-z0-9]+/);
const isModel = (word: string): boolean => /[0-9]/.test(word);

/**
 * The timed preset that is named like the device, or undefined. A preset is, when each word of its id that holds a digit
 * (`a100` of `a100-pcie`) is a word of the device's name, or every word where none does (`titan-v`). Of several, the one
 * with most words in common.
 */
export function presetOf(deviceName: string, presets: readonly MachineSpec[]): MachineSpec | undefined {
  const name = new Set(wordsOf(deviceName));
  let best: MachineSpec | undefined;
  let most = 0;
  for (const preset of presets) {
    const words = wordsOf(preset.id);
    const models = words.filter(isModel);
    if (preset.timing === null || !(models.length > 0 ? models : words).every((word) => name.has(word))) continue;
    const common = words.filter((word) => name.has(word)).length;
    if (common > most) [best, most] = [preset, common];
  }
  return best;
}
