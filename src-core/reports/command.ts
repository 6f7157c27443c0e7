/** Reads the command of a report the way a shell would, to tell which flags and files it names. */

/** Flags of `run` that name a file of an imported trace besides the trace itself; the importers' auxiliary files. */
const AUXILIARY: readonly (readonly [string, string])[] = [
  ['--symbols', 'Symbol table'],
  ['--allocations', 'Allocation list'],
];

/** The words of a command line: split at blanks, quotation marks taken off. */
export function commandWords(command: string): readonly string[] {
  const words = command.match(/(?:'[^']*'|"(?:\\.|[^"\\])*"|\\[\s\S]|[^\s'"\\])+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|"((?:\\.|[^"\\])*)"|\\([\s\S])/g,
      (_, single?: string, double?: string, escaped?: string) =>
        single ?? double?.replace(/\\(.)/g, '$1') ?? escaped ?? '',
    ),
  );
}

/** Files that the command needs beside its input: what each is, its flag and its name. */
export function auxiliaryFiles(
  command: string,
): readonly { readonly title: string; readonly flag: string; readonly name: string }[] {
  const words = commandWords(command);
  return AUXILIARY.flatMap(([flag, title]) =>
    words.flatMap((word, index) => {
      const name =
        word === flag ? words[index + 1] : word.startsWith(`${flag}=`) ? word.slice(flag.length + 1) : undefined;
      return name === undefined ? [] : [{ title, flag, name }];
    }),
  );
}
