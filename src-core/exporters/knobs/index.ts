/** Knobs of a memory system as configuration files of the real machine, and back. Same values, same text. */
import type { SystemEntry } from '../../contracts/memory-system';
import { knobParams, type KnobParam } from '../../contracts/knobs';
import type { ParamValues } from '../../contracts/params';
import type { Finding } from '../../model/finding';
import { wordInFile, type KnobPlace, type KnobValue } from '../../model/knob';
import type { KnobFile, KnobLeft, KnobText, UnmatchedKnob } from '../../model/knob-file';
import { cmdlineFormat } from './cmdline';
import type { KnobEntry, KnobFormat } from './format';
import { modprobeFormat } from './modprobe';
import { sysctlFormat } from './sysctl';
import { tmpfilesFormat } from './tmpfiles';
import { readValue } from './values';

/** Every kind of file; the order is the order in menus. */
export const knobFormats: readonly KnobFormat[] = [modprobeFormat, sysctlFormat, tmpfilesFormat, cmdlineFormat];

export interface ExportedKnobs {
  readonly files: readonly KnobFile[];
  /** Values that no file can hold, as nothing real has them. */
  readonly left: readonly KnobLeft[];
}

/** Places that no file of a machine reaches. */
const WHY_LEFT: Readonly<Partial<Record<KnobPlace, string>>> = {
  build: 'it is fixed when the driver is compiled',
  'what-if': 'it exists only in Faultline',
  'GPGPU-Sim option': 'it is an option of the simulator, for its gpgpusim.config',
};

function fileOf(entry: SystemEntry, format: KnobFormat, settings: readonly Setting[], all: boolean): KnobFile | null {
  const held = settings.flatMap(({ param, value }) => {
    const line = format.write(param.knob, value);
    return line === null ? [] : [{ param, line }];
  });
  if (held.length === 0) return null;
  const { id, title, path } = format;
  const holds = held.map(({ param }) => param.knob.name);
  if (id === 'cmdline') return { format: id, title, path, holds, text: `${held.map(({ line }) => line).join(' ')}\n` };
  const lines = held.flatMap(({ param, line }) => [
    '',
    `# ${param.title}${param.unit === undefined || param.unit === '' ? '' : `, ${param.unit}`}; default ${wordInFile(param.knob, param.initial) ?? String(param.initial)} (${param.knob.source})`,
    line,
  ]);
  const what = all ? 'all knobs for this kind of file' : 'knobs that differ from their defaults';
  return {
    ...{ format: id, title, path, holds },
    text: [
      `# Faultline, memory system ${entry.id}: ${what}.`,
      `# Takes effect ${format.takesEffect}.`,
      ...lines,
      '',
    ].join('\n'),
  };
}

interface Setting {
  readonly param: KnobParam;
  readonly value: KnobValue;
}

/**
 * The files that configure a machine like the run.
 * @param params of the memory system, all of them
 * @param all include knobs with their default values
 */
export function exportKnobs(entry: SystemEntry, params: ParamValues, all: boolean): ExportedKnobs {
  const settings = knobParams(entry)
    .map((param): Setting => ({ param, value: params[param.name] ?? param.initial }))
    .filter(({ param, value }) => all || value !== param.initial);
  const isHeld = ({ param, value }: Setting): boolean =>
    knobFormats.some((format) => format.write(param.knob, value) !== null);
  return {
    files: knobFormats.flatMap((format) => fileOf(entry, format, settings, all) ?? []),
    left: settings
      .filter((setting) => !isHeld(setting))
      .map(({ param: { knob }, value }) => ({
        name: knob.name,
        value,
        why: WHY_LEFT[knob.where] ?? 'these kinds of files cannot set it',
      })),
  };
}

export interface ImportedKnobs {
  /** Parameters of the memory system that the files set, with the values that the driver would have. */
  readonly params: ParamValues;
  readonly findings: readonly Finding[];
  /** What the files set and this memory system does not know; nothing is dropped in silence. */
  readonly unknown: readonly UnmatchedKnob[];
}

const spelledName = ({ module, name }: KnobEntry, format: KnobFormat): string =>
  module === null ? name : format.id === 'modprobe' ? `${module} ${name}` : `${module}.${name}`;

/** The format that is named, or the one that is surest. */
function formatOf({ name, text, format }: KnobText): KnobFormat {
  const named = knobFormats.find(({ id }) => id === format);
  if (named) return named;
  return knobFormats.reduce((best, each) => (each.sniff(text, name) > best.sniff(text, name) ? each : best));
}

/** Reads what configuration files set; where several set the same, the last one holds, as on the machine. */
export function importKnobs(sources: readonly KnobText[], entry: SystemEntry): ImportedKnobs {
  const params: Record<string, KnobValue> = {};
  const findings: Finding[] = [];
  const unknown: UnmatchedKnob[] = [];
  const knobs = knobParams(entry);
  for (const source of sources) {
    const format = formatOf(source);
    const read = format.read(source.text, source.name);
    findings.push(...read.findings);
    for (const each of read.entries) {
      const name = spelledName(each, format);
      const param = knobs.find(({ knob }) => format.wordsFor(each, knob) !== null);
      if (!param) {
        unknown.push({ name, text: each.text, place: each.place });
        continue;
      }
      const spelled = each.text === null ? name : `${name}=${each.text}`;
      const { value, findings: own } = readValue(each, param, format.wordsFor(each, param.knob)!, spelled);
      findings.push(...own);
      if (value === null) continue;
      if (Object.hasOwn(params, param.name))
        findings.push({
          kind: 'knob-twice',
          severity: 'note',
          count: 1,
          message: `${name} is set more than once; the last value is used`,
          place: each.place,
        });
      params[param.name] = value;
    }
  }
  return { params, findings, unknown };
}
