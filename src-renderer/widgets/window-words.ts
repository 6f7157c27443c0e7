/** Messages of the engine serve the command line as well: here its flags are named by what the window calls them. Pure. */

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/with --symbols FILE/g, 'as “Symbol table” when you open the trace (command line: --symbols FILE)'],
  [/a larger --granularity/g, 'a larger granularity (in the workload file; command line: --granularity)'],
];

export const windowWords = (message: string): string =>
  WORDS.reduce((text, [flag, words]) => text.replace(flag, words), message);
