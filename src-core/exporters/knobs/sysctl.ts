/** Sysctls: files in sysctl.d (sysctl.d(5)). */
import type { Finding } from '../../model/finding';
import { linesOf, spell, syntaxFinding, textsOf, type KnobEntry, type KnobFormat } from './format';

/** The directories of /proc/sys; a key begins with one of them. */
const ROOTS = ['abi', 'crypto', 'debug', 'dev', 'fs', 'kernel', 'net', 'sunrpc', 'user', 'vm'];
const ASSIGNMENT = /^\s*-?\s*([^\s=]+)\s*=\s*(.*?)\s*$/;

/** With dots: where the first separator is a slash, slashes separate and dots are part of names. */
export function dotted(key: string): string {
  const first = /[./]/.exec(key)?.[0];
  return first === '/' ? key.replaceAll('/', '\u0000').replaceAll('.', '/').replaceAll('\u0000', '.') : key;
}

export const isSysctlKey = (key: string): boolean => ROOTS.includes(dotted(key).split('.')[0] ?? '');

export const sysctlFormat: KnobFormat = {
  id: 'sysctl',
  title: 'sysctl.d',
  path: '/etc/sysctl.d/90-faultline.conf',
  takesEffect: 'at boot, or immediately with `sysctl --system`',
  write: (knob, value) =>
    knob.where === 'sysctl' ? `${knob.key ?? `kernel.${knob.name}`} = ${spell(value, textsOf(knob))}` : null,
  sniff(text, file) {
    const lines = [...linesOf(text, false)].filter((line) => !/^\s*([#;]|$)/.test(line.text));
    const isOurs = ({ text: line }: { readonly text: string }): boolean =>
      isSysctlKey(ASSIGNMENT.exec(line)?.[1] ?? '');
    return lines.some(isOurs) ? 0.9 : file.includes('sysctl') ? 0.6 : 0;
  },
  read(text, file) {
    const entries: KnobEntry[] = [];
    const findings: Finding[] = [];
    for (const line of linesOf(text, false)) {
      if (/^\s*([#;]|$)/.test(line.text)) continue;
      const column = line.text.search(/\S/) + 1;
      const place = { file, line: line.number, column };
      const match = ASSIGNMENT.exec(line.text);
      if (match?.[1] && match[2] !== undefined && match[2] !== '')
        entries.push({ module: null, name: dotted(match[1]), text: match[2], place });
      else if (/^-\S+$/.test(line.text.trim()))
        findings.push({
          kind: 'knob-other-command',
          severity: 'note',
          count: 1,
          message: `"${line.text.trim()}" excludes a key and sets none; it was ignored`,
          place,
        });
      else
        findings.push(
          syntaxFinding(
            `"${line.text.trim()}" is not a setting; expected "key = value", such as "kernel.numa_balancing = 2"`,
            place,
          ),
        );
    }
    return { entries, findings };
  },
  wordsFor: (entry, knob) =>
    knob.where === 'sysctl' && entry.module === null && entry.name === (knob.key ?? `kernel.${knob.name}`)
      ? textsOf(knob)
      : null,
};
