/** Values below /sys, written at boot by systemd-tmpfiles (tmpfiles.d(5)), since sysfs has no configuration of its own. */
import type { Finding } from '../../model/finding';
import { linesOf, spell, syntaxFinding, textsOf, wordsOf, type KnobEntry, type KnobFormat } from './format';

/** Type, path, mode, user, group, age; the argument is the rest of the line. */
const FIELDS_BEFORE_ARGUMENT = 6;

export const tmpfilesFormat: KnobFormat = {
  id: 'tmpfiles',
  title: 'tmpfiles.d (sysfs)',
  path: '/etc/tmpfiles.d/faultline.conf',
  takesEffect: 'at boot, or immediately with `systemd-tmpfiles --create`',
  write: (knob, value) =>
    knob.where === 'sysfs' && knob.key !== undefined
      ? `w ${knob.key} - - - - ${spell(value, textsOf(knob)).replaceAll('%', '%%')}`
      : null,
  sniff: (text, file) => (/^\s*[a-zA-Z][-+!=~^$]*\s+"?\//m.test(text) ? 0.9 : file.includes('tmpfiles') ? 0.6 : 0),
  read(text, file) {
    const entries: KnobEntry[] = [];
    const findings: Finding[] = [];
    for (const line of linesOf(text, false)) {
      if (/^\s*(#|$)/.test(line.text)) continue;
      const words = wordsOf(line.text);
      const [type, path] = words;
      const argument = words[FIELDS_BEFORE_ARGUMENT];
      const place = { file, line: line.number, column: type!.column };
      if (!/^[a-zA-Z][-+!=~^$]*$/.test(type!.text) || !path?.text.startsWith('/'))
        findings.push(
          syntaxFinding(
            `"${line.text.trim()}" is not a line of tmpfiles.d; expected "w PATH - - - - VALUE", such as "w /sys/kernel/mm/numa/demotion_enabled - - - - true"`,
            place,
          ),
        );
      else if (!/^w/.test(type!.text))
        findings.push({
          kind: 'knob-other-command',
          severity: 'note',
          count: 1,
          message: `"${type!.text} ${path.text}" writes no value and was ignored`,
          place,
        });
      else if (!argument)
        findings.push(
          syntaxFinding(
            `"${line.text.trim()}" writes nothing; expected six fields and then the value: "w ${path.text} - - - - VALUE"`,
            place,
          ),
        );
      else
        entries.push({
          module: null,
          name: path.text.replace(/\/+$/, ''),
          text: line.text
            .slice(argument.column - 1)
            .trim()
            .replaceAll('%%', '%'),
          place: { file, line: line.number, column: argument.column },
        });
    }
    return { entries, findings };
  },
  wordsFor: (entry, knob) => (knob.where === 'sysfs' && entry.name === knob.key ? textsOf(knob) : null),
};
