/** The reference page of the knobs that memory systems have, from the registry: docs/knobs.md. */
import { knobParams, type KnobParam } from '../../src-core/contracts/knobs';
import type { SystemEntry } from '../../src-core/contracts/memory-system';
import { knobFormats } from '../../src-core/exporters/knobs';
import { wordInFile, type KnobCondition, type PlatformFact } from '../../src-core/model/knob';
import { memorySystems } from '../../src-core/systems';

const FACTS: Readonly<Record<PlatformFact, string>> = {
  'counts-only': 'a machine without a clock',
  ats: 'a device that walks the page tables of the host',
  'no-ats': 'a device that does not walk the page tables of the host',
  'pages-4k': 'a kernel with 4 KiB pages',
  'pages-64k': 'a kernel with 64 KiB pages',
  'one-device': 'one device',
  'no-cpu-link': 'a device on PCIe',
  'numa-device': 'device memory that is a node of the host',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');
const value = (given: number | string | boolean): string =>
  typeof given === 'boolean' ? (given ? 'on' : 'off') : String(given);

function rangeOf(param: KnobParam): string {
  const unit = param.unit ? ` ${param.unit}` : '';
  if (param.type === 'boolean') return 'off, on';
  return param.type === 'choice' ? (param.values ?? []).join(', ') : `${param.min} to ${param.max}${unit}`;
}

function outsideOf({ knob, type, initial }: KnobParam): string {
  if (knob.outside === undefined || knob.outside === 'on') return knob.outside === 'on' ? 'anything but 0 is on' : '';
  if (knob.outside === 'nearest') return 'outside: the nearest end';
  const taken = knob.outside === 'default' ? initial : knob.outside;
  return `${type === 'integer' ? 'outside' : 'other numbers'}: ${value(taken)}`;
}

function when(condition: KnobCondition): string {
  if ('fact' in condition) return FACTS[condition.fact];
  const [word, given] = 'is' in condition ? ['', condition.is] : ['other than ', condition.isNot];
  return `\`${condition.param}\` ${word}${value(given)}`;
}

function row(param: KnobParam): string {
  const { knob, name } = param;
  const own = knob.name === name ? '' : `<br>parameter \`${name}\``;
  const key = knob.key === undefined || knob.key === knob.name ? '' : `<br>\`${knob.key}\``;
  const boot = knob.bootParameter === undefined ? '' : `<br>boot: \`${knob.bootParameter}\``;
  const outside = outsideOf(param);
  const inFile = wordInFile(knob, param.initial);
  const idle = (knob.noEffect ?? []).map((each) => `${each.when.map(when).join(' and ') || 'always'}: ${each.why}`);
  return [
    '',
    `\`${knob.name}\`${own}`,
    cell(param.help),
    `${value(param.initial)}${inFile === null ? '' : ` (${inFile} in its file)`}`,
    `${cell(rangeOf(param))}${outside === '' ? '' : `; ${outside}`}`,
    `${knob.where}${key}${boot}`,
    param.live ? 'yes' : `no: ${knob.fixed}`,
    cell(idle.join('. ')),
    cell(knob.source),
    '',
  ]
    .join(' | ')
    .trim();
}

function section(entry: SystemEntry): string {
  return [
    `## ${entry.id}`,
    '',
    `${entry.title}.`,
    '',
    '| knob | what it does | default | range | set in | in mid-run | does nothing with | source |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...knobParams(entry).map(row),
    '',
  ].join('\n');
}

export function knobsPage(): string {
  const systems = memorySystems.filter((entry) => knobParams(entry).length > 0);
  return [
    '<!-- Written by `npm run fix` from src-core/systems. Change a declaration, not this page. -->',
    '',
    '# Knobs',
    '',
    'What the real driver or kernel of a memory system can be told, under its own names. `what-if` marks what no driver has,',
    '`build` what is fixed when it is compiled. Give them with `--system ID,name=value`, change them in mid-run in the panel',
    '_Knobs_ or with `--at batch:12:system=ID,name=value`; a recording says for each fault batch which values governed it.',
    '',
    '```sh',
    'npx faultline knobs list --system nvidia-uvm --machine gh200    # with what does nothing there, and why',
    'npx faultline knobs export --system nvidia-uvm,uvm_perf_prefetch_threshold=75 -o etc',
    'npx faultline knobs import /etc/modprobe.d/nvidia.conf /proc/cmdline',
    '```',
    '',
    'Names that a file sets and the system does not know are listed, never dropped. A value out of range becomes what the',
    'driver makes of it, with a warning; what the kernel would refuse is an error with file, line and column.',
    '',
    '| kind of file | where it belongs | takes effect |',
    '| --- | --- | --- |',
    ...knobFormats.map(({ title, path, takesEffect }) => `| ${title} | \`${path}\` | ${takesEffect} |`),
    '',
    ...systems.map(section),
  ].join('\n');
}
