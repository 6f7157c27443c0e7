/** JSON that people edit or copy about: errors are reported with their location. */
import type { Result } from '../base/result';
import type { Finding } from '../model/finding';

/** Why a text is not JSON. */
export interface JsonFault {
  readonly message: string;
  readonly place: Pick<NonNullable<Finding['place']>, 'line' | 'column'>;
}

/** The place of a text's last character, for a document that ends too early. */
function lastPlace(before: string): JsonFault['place'] {
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

/** Parses JSON; a leading byte order mark is allowed. A fault names line and column, both from 1. */
export function readJson(text: string): Result<unknown, JsonFault> {
  const plain = text.replace(/^\uFEFF/, '');
  try {
    return { ok: true, value: JSON.parse(plain) as unknown };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const position = /position ([0-9]+)/.exec(message)?.[1];
    if (position !== undefined)
      return { ok: false, error: { message, place: lastPlace(plain.slice(0, Number(position))) } };
    // Engines give no position where the text just ends.
    return { ok: false, error: { message, place: /end of JSON/.test(message) ? lastPlace(plain) : {} } };
  }
}
