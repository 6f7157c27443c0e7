/** What the kinds of configuration files have in common: one entry per value that they set, each with its place. */
import type { Finding } from '../../model/finding';
import type { Knob, KnobValue } from '../../model/knob';
import type { KnobFileFormat } from '../../model/knob-file';

/** One value that a file sets, not yet matched with a knob. */
export interface KnobEntry {
  /** Kernel module, or null. Dashes stand as underscores, which the kernel takes for the same. */
  readonly module: string | null;
  /** Parameter, sysctl key (with dots) or path. */
  readonly name: string;
  /** null: a name alone, which a switch may be. */
  readonly text: string | null;
  readonly place: NonNullable<Finding['place']>;
}

export interface KnobFileText {
  readonly entries: readonly KnobEntry[];
  /** What could not be read, and what was left alone. */
  readonly findings: readonly Finding[];
}

export interface KnobFormat {
  readonly id: KnobFileFormat;
  readonly title: string;
  /** Where such a file belongs; for the kernel command line, where its text does. */
  readonly path: string;
  /** When what stands in it takes effect. */
  readonly takesEffect: string;
  /** What sets the knob, one line or word; null: such a file cannot hold it. */
  write(knob: Knob, value: KnobValue): string | null;
  /** How sure it is that the text is of this format, 0..1. */
  sniff(text: string, file: string): number;
  read(text: string, file: string): KnobFileText;
  /** The words in which the entry would set the knob (`Knob.texts`), or null: it is about something else. */
  wordsFor(entry: KnobEntry, knob: Knob): Readonly<Record<string, string>> | null;
}

/** No words of its own. */
const PLAIN: Readonly<Record<string, string>> = {};

/** The kernel takes dashes and underscores in names of modules and parameters for the same. */
export const sameName = (a: string, b: string): boolean => a.replaceAll('-', '_') === b.replaceAll('-', '_');

/** `nvidia-uvm` of a knob of that module; null: it is no module's. */
export function moduleOf({ where }: Knob): string | null {
  const match = /^(.+) module$/.exec(where);
  return match?.[1] ?? null;
}

export const textsOf = (knob: Knob): Readonly<Record<string, string>> => knob.texts ?? PLAIN;

/** A value as the file spells it. */
export function spell(value: KnobValue, texts: Readonly<Record<string, string>>): string {
  const word = texts[String(value)];
  if (word !== undefined) return word;
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}

export const syntaxFinding = (message: string, place: KnobEntry['place']): Finding => ({
  kind: 'knob-syntax',
  severity: 'error',
  count: 1,
  message,
  place,
});

/** Lines with their numbers from 1; a backslash at the end of a line joins the next one where the format has that. */
export function* linesOf(text: string, joins: boolean): Generator<{ readonly text: string; readonly number: number }> {
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const number = i + 1;
    let line = lines[i]!;
    while (joins && line.endsWith('\\') && i + 1 < lines.length) line = `${line.slice(0, -1)} ${lines[++i]!}`;
    yield { text: line, number };
  }
}

/** A word with its column from 1. */
export interface Word {
  readonly text: string;
  readonly column: number;
}

/** Words between blanks; double quotes keep blanks together and are taken off, as the kernel and modprobe do. */
export function wordsOf(line: string): readonly Word[] {
  const words: Word[] = [];
  let text = '';
  let column = 0;
  let quoted = false;
  for (let i = 0; i <= line.length; i++) {
    const letter = line[i];
    const ends = letter === undefined || (!quoted && /\s/.test(letter));
    if (ends) {
      if (column > 0) words.push({ text, column });
      text = '';
      column = 0;
      continue;
    }
    if (column === 0) column = i + 1;
    if (letter === '"') quoted = !quoted;
    else text += letter;
  }
  return words;
}

/** `name=value`, or a name alone. */
export function splitAssignment(word: string): { readonly name: string; readonly text: string | null } {
  const at = word.indexOf('=');
  return at < 0 ? { name: word, text: null } : { name: word.slice(0, at), text: word.slice(at + 1) };
}
