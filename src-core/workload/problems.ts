/** Collects what is wrong with a file, so that one refusal names several problems with their places. */
import type { Finding } from '../model/finding';
import { Refusal } from '../model/refusal';
import { MAX_PLACED_PROBLEMS, MAX_PROBLEMS } from './limits';

/** Keys and indices from the root of the document. */
export type Path = readonly (string | number)[];

export interface Position {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  /** Stable kebab-case id. */
  readonly kind: string;
  readonly message: string;
  readonly path: Path;
  /** Point at the key of the last path entry instead of its value. */
  readonly atKey?: boolean;
}

/** `phases[1].steps[0].on`; the document itself is `(file)`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text === '' ? '(file)' : text;
}

/** Refuses with at most MAX_PROBLEMS problems, in the order of the file. */
export function refuseProblems(
  file: string,
  problems: readonly Problem[],
  place: (path: Path, atKey: boolean) => Position,
): never {
  const findings = problems.slice(0, MAX_PLACED_PROBLEMS).map((problem): Finding => ({
    kind: problem.kind,
    severity: 'error',
    message: problem.message,
    count: 1,
    place: { file, ...place(problem.path, problem.atKey ?? false), path: formatPath(problem.path) },
  }));
  return refuse(findings, problems.length);
}

/** Throws the refusal of a file; its message is the first problem with its place and how many more there are. */
export function refuse(unordered: readonly Finding[], total = unordered.length): never {
  const line = (finding: Finding): number => finding.place?.line ?? 0;
  const column = (finding: Finding): number => finding.place?.column ?? 0;
  const findings = [...unordered].sort((a, b) => line(a) - line(b) || column(a) - column(b));
  const first = findings[0];
  const place = first?.place;
  const where = [place?.file, place?.line, place?.column].filter((part) => part !== undefined).join(':');
  const path = place?.path === undefined || place.path === '(file)' ? '' : `${place.path}: `;
  const more = total > 1 ? ` (and ${total - 1} more problem${total > 2 ? 's' : ''})` : '';
  throw new Refusal(`${where}: ${path}${first?.message ?? ''}${more}`, findings.slice(0, MAX_PROBLEMS));
}
