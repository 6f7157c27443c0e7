/**
 * What comments, titles of tests and documents refer to: documents, paths and symbols of the repository, and codes of rules.
 * Each pattern is narrow enough that everything it finds has to exist: a word in a comment is a path only with a slash and
 * an ending that files of this repository have, and a symbol only in backticks and with an inner capital.
 */

/** The comments of a file, without their markers, one text per comment. Comments start a line or follow a blank. */
export function commentsIn(text: string): string[] {
  const blocks = [...text.matchAll(/(?<=^|\s)\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g)].map((match) =>
    match[0].replace(/^\s*\*/gm, ''),
  );
  const lines = [...text.matchAll(/(?<=^|\s)\/\/(.*)$/gm)].map((match) => match[1] ?? '');
  return [...blocks, ...lines];
}

/** Titles of tests, as literals. */
export function titlesIn(text: string): string[] {
  const call = /\b(?:it|test|describe)(?:\.each\([\s\S]*?\)|\.\w+)?\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g;
  return [...text.matchAll(call)].map((match) => match[2] ?? '');
}

/** Prose of a Markdown page: code blocks are examples, and may name what a reader will make. */
export const proseOf = (text: string): string => text.replace(/^\s*```[\s\S]*?^\s*```/gm, '');

/** Documents by name: `docs/bounds.md`, `README.md`. */
export const documentsNamed = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./-])[A-Za-z][\w./-]*\.md\b/g)].map((match) => match[0]);

/** Paths of files: at least one slash, and an ending of this repository's files. No part of an address or a package. */
export const pathsNamed = (text: string): string[] =>
  [...text.matchAll(/(?<![\w./:@-])[A-Za-z][\w.-]*\/[\w./-]*\.(?:ts|mts|mjs|cjs|vue|yaml|json|md)\b(?![\w*])/g)].map(
    (match) => match[0],
  );

/** Symbols in backticks: `camelCase`, `PascalCase` and `Type.member`, with or without a call's parentheses. */
export const symbolsNamed = (text: string): string[] =>
  [...text.matchAll(/`([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)(?:\(\))?`/g)]
    .flatMap((match) => (match[1] ?? '').split('.'))
    .filter((word) => /^[A-Za-z]*[a-z][A-Z][A-Za-z]*$/.test(word));

/** Codes of rules, such as G12. G1 to G4 names those between as well; a compiler's -O2 is none. */
export function rulesNamed(text: string): string[] {
  const single = [...text.matchAll(/(?<![\w-])[A-Z]\d{1,2}\b/g)].map((match) => match[0]);
  const ranges = [...text.matchAll(/\b([A-Z])(\d{1,2}) to \1(\d{1,2})\b/g)].flatMap(([, letter, from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => `${letter}${Number(from) + i}`),
  );
  return [...single, ...ranges];
}

/** Codes that a page of docs/rules defines: a list item that begins with the code in bold. */
export const rulesDefined = (page: string): string[] =>
  [...page.matchAll(/^- \*\*([A-Z]\d{1,2})\*\* /gm)].map((match) => match[1] ?? '');
