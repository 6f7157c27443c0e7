/** From the text of a configuration file to the value of a parameter, as the kernel and the driver would take it. */
import type { Finding } from '../../model/finding';
import type { KnobValue } from '../../model/knob';
import type { KnobParam } from '../../contracts/knobs';
import type { KnobEntry } from './format';

const UINT_MAX = 4_294_967_295;
const INT_MIN = -2_147_483_648;

/** `value: null`: the file's value cannot be taken; a finding says why. */
export interface ReadValue {
  readonly value: KnobValue | null;
  readonly findings: readonly Finding[];
}

/** As kstrtobool reads: the first letter, or on and off. */
function boolOf(text: string): boolean | null {
  if (/^(1|y|t|on)/i.test(text)) return true;
  if (/^(0|n|f|of)/i.test(text)) return false;
  return null;
}

/** As kstrtouint and kstrtoint with base 0: decimal, 0x and leading-zero octal. */
export function kernelInteger(text: string): number | null {
  const match = /^([-+]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.exec(text);
  if (!match?.[2]) return null;
  const [, sign, digits] = match;
  const size = /^0x/i.test(digits) ? Number(digits) : /^0./.test(digits) ? parseInt(digits, 8) : Number(digits);
  return sign === '-' && size > 0 ? -size : size;
}

const range = (param: KnobParam): string => `${param.min ?? INT_MIN} to ${param.max ?? UINT_MAX}`;

function expected(param: KnobParam, texts: Readonly<Record<string, string>>): string {
  const words = Object.entries(texts).map(([value, text]) => (value === text ? text : `${text} (${value})`));
  if (words.length > 0) return words.join(', ');
  if (param.type === 'choice') return (param.values ?? []).join(', ');
  return param.type === 'boolean' ? '0 or 1' : `a whole number from ${range(param)}`;
}

/** @param texts the words of the file, by value of the parameter */
export function readValue(
  entry: KnobEntry,
  param: KnobParam,
  texts: Readonly<Record<string, string>>,
  spelled: string,
): ReadValue {
  const { knob } = param;
  const refused = (why: string): ReadValue => ({
    value: null,
    findings: [
      {
        kind: 'knob-value',
        severity: 'error',
        count: 1,
        message: `${spelled}: ${why}; expected ${expected(param, texts)}. It keeps ${String(param.initial)}`,
        place: entry.place,
      },
    ],
  });
  const taken = (value: KnobValue, instead?: string): ReadValue => ({
    value,
    findings:
      instead === undefined
        ? []
        : [
            {
              kind: 'knob-out-of-range',
              severity: 'warning',
              count: 1,
              message: `${spelled} is out of range, expected ${expected(param, texts)}; like the driver, Faultline uses ${instead} instead`,
              place: entry.place,
            },
          ],
  });
  if (entry.text === null) {
    // A module parameter without a value is a switch that is turned on.
    if (param.type === 'boolean' && knob.isBool) return taken(true);
    return refused('has no value');
  }
  const text = entry.text.trim();
  const word = valueOfWord(text, param, texts);
  if (word !== null) return taken(word);
  if (param.type === 'choice' && Object.keys(texts).length === 0)
    return param.values?.includes(text) ? taken(text) : refused(`"${text}" is not one of its values`);
  if (knob.isBool) {
    const value = boolOf(text);
    return value === null ? refused(`"${text}" is neither on nor off`) : taken(value);
  }
  const number = kernelInteger(text);
  if (number === null) return refused(`"${text}" is not a whole number`);
  const isSigned = (param.min ?? 0) < 0;
  if (number > UINT_MAX || number < (isSigned ? INT_MIN : 0))
    return refused(`${text} does not fit its ${isSigned ? 'signed' : 'unsigned'} 32 bits, so the kernel rejects it`);
  const ofNumber = valueOfWord(String(number), param, texts);
  if (ofNumber !== null) return taken(ofNumber);
  return param.type === 'integer'
    ? readInteger(number, param, taken, refused)
    : readWordOf(number, param, taken, refused);
}

/** The value that one of the file's words stands for. */
function valueOfWord(text: string, param: KnobParam, texts: Readonly<Record<string, string>>): KnobValue | null {
  const found = Object.entries(texts).find(([, spelling]) => spelling === text);
  if (!found) return null;
  return param.type === 'boolean' ? found[0] === 'true' : param.type === 'integer' ? Number(found[0]) : found[0];
}

type Taken = (value: KnobValue, instead?: string) => ReadValue;
type Refused = (why: string) => ReadValue;

function readInteger(number: number, param: KnobParam, taken: Taken, refused: Refused): ReadValue {
  const { min = INT_MIN, max = UINT_MAX, knob, initial } = param;
  if (number >= min && number <= max) return taken(number);
  if (knob.outside === 'default') return taken(initial, `its default ${String(initial)}`);
  if (knob.outside === 'nearest') {
    const nearest = Math.min(max, Math.max(min, number));
    return taken(nearest, String(nearest));
  }
  if (typeof knob.outside === 'number') return taken(knob.outside, String(knob.outside));
  return refused(`${number} is out of range`);
}

/** A number for a switch or a choice that no word of the file stands for. */
function readWordOf(number: number, param: KnobParam, taken: Taken, refused: Refused): ReadValue {
  const { knob, initial, type } = param;
  if (type === 'boolean' && knob.texts === undefined && (number === 0 || number === 1)) return taken(number === 1);
  if (type === 'boolean' && knob.outside === 'on') return taken(number !== 0);
  if (knob.outside === 'default') return taken(initial, `its default ${String(initial)}`);
  return refused(`${number} is not one of its values`);
}
