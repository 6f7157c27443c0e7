/** One question of the protocol, answered by a session in this thread: no engine worker is started, nothing is run. */
import { tmpdir } from 'node:os';
import type { BackendEvent, Response } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import { createSession } from '../../src-core/session';
import { RequestFailed } from '../host/errors';
import type { Installation } from '../host/installation';
import { createNodePlatform } from '../host/node-platform';

/** Methods that only read what is registered or given. */
type Question = 'session.describe' | 'session.knobs' | 'session.exportKnobs' | 'session.importKnobs';

/** The answer; rejects with RequestFailed where the session refuses. */
export async function ask<M extends Question & Method>(
  installation: Installation,
  method: M,
  params: Params<M>,
): Promise<ResultOf<M>> {
  const platform = createNodePlatform({
    spoolFolder: tmpdir(),
    examplesFolder: installation.examples,
    uploads: new Map(),
    onSpool: () => undefined,
  });
  let answer: Response | undefined;
  const session = createSession(platform, (message: Response | BackendEvent) => {
    if (message.type === 'response') answer = message;
  });
  try {
    await session.handle({ type: 'request', id: 1, method, params });
  } finally {
    session.close();
    platform.close();
  }
  if (!answer?.ok)
    throw new RequestFailed(answer?.error ?? { code: 'crashed', message: `${method} was not answered`, details: [] });
  return answer.result as ResultOf<M>;
}
