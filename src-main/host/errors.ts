import type { Finding } from '../../src-core/model/finding';
import { Refusal } from '../../src-core/model/refusal';
import type { ErrorData } from '../../src-core/protocol/answers';

/** A request of our own came back with an error; the data is what the backend said. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly data: ErrorData;
  constructor(data: ErrorData) {
    super(data.message);
    this.data = data;
  }
}

export function refused(message: string, details: readonly Finding[] = []): ErrorData {
  return { code: 'refused', message, details };
}

/** Any thrown value as the protocol carries it: refusals as such, everything else is our bug. */
export function toErrorData(thrown: unknown): ErrorData {
  if (thrown instanceof RequestFailed) return thrown.data;
  if (thrown instanceof Refusal) return refused(thrown.message, thrown.details);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'crashed', message: `internal error: ${message}`, details: [] };
}
