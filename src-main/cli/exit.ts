/** How a command ends: the exit codes are a public contract. */
import type { Finding } from '../../src-core/model/finding';
import { Refusal } from '../../src-core/model/refusal';
import type { ErrorData } from '../../src-core/protocol/answers';
import { RequestFailed } from '../host/errors';

export const EXIT = {
  ok: 0,
  /** An `expect` of the workload or a --fail-if did not hold. */
  notHeld: 1,
  /** Bad usage or input. */
  usage: 2,
  /** Our bug, or no memory. */
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export interface Failure {
  readonly exit: ExitCode;
  readonly error: ErrorData;
}

const refusedFailure = (message: string, details: readonly Finding[]): Failure => ({
  exit: EXIT.usage,
  error: { code: 'refused', message, details },
});

/** Any thrown value as an exit code and what to tell. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Interrupted)
    return { exit: EXIT.interrupted, error: { code: 'cancelled', message: 'interrupted', details: [] } };
  if (thrown instanceof Refusal) return refusedFailure(thrown.message, thrown.details);
  if (thrown instanceof RequestFailed)
    return { exit: thrown.data.code === 'crashed' ? EXIT.internal : EXIT.usage, error: thrown.data };
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { exit: EXIT.internal, error: { code: 'crashed', message: `internal error: ${message}`, details: [] } };
}

/** Where a finding is, in the form that editors understand. */
export function placeText({ place }: Finding): string {
  if (!place) return '';
  const line = place.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  const file = place.file ?? (line === '' ? '' : 'line');
  const offset = line === '' && place.offset !== undefined ? `byte ${place.offset}` : '';
  return [`${file}${line}`, offset, place.path === undefined ? '' : `(${place.path})`]
    .filter((part) => part !== '')
    .join(' ');
}

export function findingText(finding: Finding): string {
  const place = placeText(finding);
  const times = finding.count > 1 ? ` (${finding.count} times)` : '';
  return `${finding.severity}: ${place === '' ? '' : `${place}: `}${finding.message}${times}`;
}

export function failureText({ error }: Failure): string {
  return [
    `faultline: ${error.message}`,
    ...error.details.filter((detail) => detail.kind !== 'engine-crash').map((detail) => `  ${findingText(detail)}`),
  ].join('\n');
}
