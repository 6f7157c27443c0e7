/**
 * The kernel command line (kernel-parameters.rst): modules' parameters as `module.name=value`, which modprobe reads from there
 * too, sysctls as `sysctl.key=value` (Linux 5.8 and later), and what has a kernel parameter of its own.
 */
import type { Knob } from '../../model/knob';
import {
  linesOf,
  moduleOf,
  sameName,
  spell,
  splitAssignment,
  textsOf,
  wordsOf,
  type KnobEntry,
  type KnobFormat,
} from './format';
import { dotted, isSysctlKey } from './sysctl';

const bootTexts = (knob: Knob): Readonly<Record<string, string>> => knob.bootTexts ?? textsOf(knob);
const sysctlKey = (knob: Knob): string => knob.key ?? `kernel.${knob.name}`;

/** `nvidia_uvm.name`, as the kernel spells modules. */
function nameOf(knob: Knob): string | null {
  const module = moduleOf(knob);
  if (module !== null) return `${module.replaceAll('-', '_')}.${knob.key ?? knob.name}`;
  if (knob.bootParameter !== undefined) return knob.bootParameter;
  if (knob.where === 'sysctl') return `sysctl.${sysctlKey(knob)}`;
  return knob.where === 'kernel command line' ? (knob.key ?? knob.name) : null;
}

export const cmdlineFormat: KnobFormat = {
  id: 'cmdline',
  title: 'Kernel command line',
  path: '/etc/default/grub (GRUB_CMDLINE_LINUX)',
  takesEffect: 'at the next boot',
  write(knob, value) {
    const name = nameOf(knob);
    if (name === null) return null;
    return `${name}=${spell(value, knob.bootParameter === name ? bootTexts(knob) : textsOf(knob))}`;
  },
  // What is nothing else is words of a command line.
  sniff: (text, file) => (file.includes('cmdline') ? 0.95 : text.trim() === '' ? 0 : 0.3),
  read(text, file) {
    const entries: KnobEntry[] = [];
    for (const line of linesOf(text, false)) {
      if (line.text.trimStart().startsWith('#')) continue;
      const content = line.text.replace(
        /^(\s*GRUB_CMDLINE_LINUX(?:_DEFAULT)?=)(["']?)(.*)\2\s*$/,
        (_, key: string, quote: string, rest: string) => `${' '.repeat(key.length + quote.length)}${rest}`,
      );
      for (const word of wordsOf(content)) {
        if (word.text === '--') break; // what follows is for init
        const { name, text: value } = splitAssignment(word.text);
        const place = { file, line: line.number, column: word.column };
        const dot = name.indexOf('.');
        if (name.startsWith('sysctl.') && isSysctlKey(name.slice('sysctl.'.length)))
          entries.push({ module: 'sysctl', name: dotted(name.slice('sysctl.'.length)), text: value, place });
        else if (dot > 0) entries.push({ module: name.slice(0, dot), name: name.slice(dot + 1), text: value, place });
        else entries.push({ module: null, name, text: value, place });
      }
    }
    return { entries, findings: [] };
  },
  wordsFor(entry, knob) {
    const module = moduleOf(knob);
    if (module !== null)
      return entry.module !== null && sameName(entry.module, module) && sameName(entry.name, knob.key ?? knob.name)
        ? textsOf(knob)
        : null;
    if (entry.module === 'sysctl')
      return knob.where === 'sysctl' && entry.name === sysctlKey(knob) ? textsOf(knob) : null;
    if (entry.module !== null) return null;
    const own = knob.bootParameter ?? (knob.where === 'kernel command line' ? (knob.key ?? knob.name) : null);
    return own !== null && sameName(entry.name, own) ? bootTexts(knob) : null;
  },
};
