import { describe, expect, test } from 'vitest';
import { codeFiles, read } from './project-files';

interface BannedWord {
  readonly word: RegExp;
  readonly instead: string;
  /** Folders to look in; all code when absent. */
  readonly folders?: readonly string[];
  /** The places where the word is at home. */
  readonly except?: readonly string[];
}

const brands = ['Bytes', 'Picoseconds', 'SimTime', 'BytesPerSecond', 'PageNumber', 'DeviceId'];

const banned: readonly BannedWord[] = [
  {
    word: new RegExp(`\\bas (${brands.join('|')})\\b`),
    instead: 'the constructors of base/units.ts: a quantity gets its type in one place',
    folders: ['src-core', 'src-main', 'src-renderer'],
    except: ['src-core/base/units.ts'],
  },
  { word: /\bconsole\./, instead: 'a counted Finding, or a Result', folders: ['src-core'] },
  { word: /\bMath\.random\b/, instead: 'the seeded generator of base/random.ts', folders: ['src-core'] },
  { word: /\bnew Date\b|\bDate\.now\b/, instead: 'SimTime from the argument', folders: ['src-core'] },
  {
    word: /\.toLocale\w+\(|\.localeCompare\(|\bIntl\./,
    instead: 'base/units.ts, or comparing code units',
    folders: ['src-core'],
  },
  {
    word: /\b\d+n\b(?!\w)|\bBigInt\(/,
    instead: 'page numbers and offsets',
    folders: ['src-core/engine', 'src-core/kernel', 'src-core/kit', 'src-core/systems', 'src-core/sim'],
  },
  { word: /@ts-ignore|@ts-nocheck/, instead: '@ts-expect-error with a reason, in type tests only' },
  { word: /@ts-expect-error/, instead: 'a type that fits', folders: ['src-core', 'src-main', 'src-renderer'] },
  { word: /\bas any\b|: any\b/, instead: 'unknown and a check' },
  { word: /\b(TODO|FIXME|XXX|HACK)\b/, instead: 'an issue, or doing it' },
  { word: /\b(it|test|describe)\.(only|skip|todo)\b/, instead: 'a test that runs' },
  { word: /\b([Ww]hoever|[Hh]ears (of|that)|had better)\b/, instead: 'the subject by its name, and what it does' },
  { word: /innerHTML|v-html/, instead: 'text bindings: names in traces are not ours', folders: ['src-renderer'] },
];

const isIn = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => path.startsWith(`${folder}/`));

function findings({ word, folders, except = [] }: BannedWord): string[] {
  return codeFiles()
    .filter(
      (path) =>
        (folders === undefined || isIn(path, folders)) && !except.includes(path) && !path.startsWith('test/arch/'),
    )
    .flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, i) => (word.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 100)}`] : [])),
    );
}

describe('words with a better replacement', () => {
  for (const entry of banned) {
    test(`${entry.word.source} → ${entry.instead}`, () => {
      expect(findings(entry)).toEqual([]);
    });
  }
});
