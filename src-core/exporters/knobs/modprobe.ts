/** Module options: files in modprobe.d (modprobe.d(5)). */
import {
  linesOf,
  moduleOf,
  sameName,
  spell,
  splitAssignment,
  syntaxFinding,
  textsOf,
  wordsOf,
  type KnobEntry,
  type KnobFormat,
} from './format';
import type { Finding } from '../../model/finding';

const COMMANDS = ['options', 'alias', 'blacklist', 'install', 'remove', 'softdep', 'weakdep'];

export const modprobeFormat: KnobFormat = {
  id: 'modprobe',
  title: 'modprobe.d',
  path: '/etc/modprobe.d/faultline.conf',
  takesEffect: 'the next time the module is loaded',
  write(knob, value) {
    const module = moduleOf(knob);
    return module === null ? null : `options ${module} ${knob.key ?? knob.name}=${spell(value, textsOf(knob))}`;
  },
  sniff: (text, file) =>
    new RegExp(`^\\s*(${COMMANDS.join('|')})\\s`, 'm').test(text) ? 0.9 : file.includes('modprobe') ? 0.6 : 0,
  read(text, file) {
    const entries: KnobEntry[] = [];
    const findings: Finding[] = [];
    for (const line of linesOf(text, true)) {
      if (/^\s*(#|$)/.test(line.text)) continue;
      const [command, module, ...words] = wordsOf(line.text);
      const place = { file, line: line.number, column: command!.column };
      if (!COMMANDS.includes(command!.text))
        findings.push(
          syntaxFinding(
            `"${command!.text}" is not a command of modprobe.d; expected "options MODULE name=value", such as "options nvidia-uvm uvm_perf_prefetch_threshold=75"`,
            place,
          ),
        );
      else if (command!.text !== 'options')
        findings.push({
          kind: 'knob-other-command',
          severity: 'note',
          count: 1,
          message: `"${command!.text}" sets no option and was ignored`,
          place,
        });
      else if (!module || words.length === 0)
        findings.push(
          syntaxFinding(
            `"${line.text.trim()}" sets nothing; expected "options MODULE name=value"; add a value or remove the line`,
            place,
          ),
        );
      else
        for (const word of words)
          entries.push({
            module: module.text,
            ...splitAssignment(word.text),
            place: { file, line: line.number, column: word.column },
          });
    }
    return { entries, findings };
  },
  wordsFor(entry, knob) {
    const module = moduleOf(knob);
    if (module === null || entry.module === null || !sameName(entry.module, module)) return null;
    return sameName(entry.name, knob.key ?? knob.name) ? textsOf(knob) : null;
  },
};
