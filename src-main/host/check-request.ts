/**
 * What a client may ask, checked where messages arrive (a port, a socket): a malformed request is refused with the
 * field and what was expected, and never reaches the engine.
 */
import { z } from 'zod';
import { err, ok, type Result } from '../../src-core/base/result';
import { isMethod, METHODS } from '../../src-core/protocol/methods';
import type { Request } from '../../src-core/protocol/messages';

/** A request as it is known to be after reading its envelope; `problem`: why it cannot be served. */
export type CheckedRequest = Result<
  Request,
  { readonly id: number; readonly code: 'refused' | 'unknown-method'; readonly message: string }
>;

const envelope = z.object({
  type: z.literal('request'),
  id: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  method: z.string(),
  params: z.unknown(),
});

/** Null: not a request at all, so nothing can be answered. */
export function checkRequest(message: unknown): CheckedRequest | null {
  const outer = envelope.safeParse(message);
  if (!outer.success) return null;
  const { id, method } = outer.data;
  if (!isMethod(method))
    return err({ id, code: 'unknown-method', message: `there is no method "${method.slice(0, 80)}"` });
  const params = METHODS[method].params.safeParse(outer.data.params ?? null);
  if (params.success) return ok({ type: 'request', id, method, params: params.data });
  const issue = params.error.issues[0];
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join('.')}` : '';
  return err({
    id,
    code: 'refused',
    message: `the parameters of ${method} are malformed${where}: ${issue?.message ?? 'unknown reason'}`,
  });
}
