/** One run through the session in this process, recorded to a file as in the app, cut after its share of CPU time. */
import { statSync } from 'node:fs';
import type { RunSummary } from '../../../src-core/model/summary';
import type { OpenTarget } from '../../../src-core/model/target';
import type { RunStatus } from '../../../src-core/protocol/answers';
import type { BackendEvent, Response } from '../../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../../src-core/protocol/methods';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import { createSession } from '../../../src-core/session';
import { difference, type Seconds } from '../../../src-core/session/bench';
import { createNodePlatform } from '../../host/node-platform';
import { RequestFailed } from '../../host/errors';
import { secondsNow } from './clock';
import type { BenchContext } from './row';

export interface RunHere {
  readonly status: RunStatus;
  readonly summary: RunSummary;
  /** From the start of the run to its end; opening is not in it. */
  readonly seconds: Seconds;
  /** It was stopped before its end. */
  readonly isCut: boolean;
  /** Bytes of the recording on disk. */
  readonly recordingBytes: number;
}

export interface RunLimits {
  readonly cpuSeconds?: number;
  readonly events?: number;
}

export async function runHere(
  context: BenchContext,
  target: OpenTarget,
  options: RunOptions,
  limits: RunLimits,
): Promise<RunHere> {
  const spools: string[] = [];
  const platform = createNodePlatform({
    spoolFolder: context.folder,
    examplesFolder: context.installation.examples,
    uploads: new Map(),
    onSpool: (path) => void spools.push(path),
  });
  const answers = new Map<number, Response>();
  let onStatus: (status: RunStatus) => void = () => undefined;
  const session = createSession(platform, (message: Response | BackendEvent) => {
    if (message.type === 'response') answers.set(message.id, message);
    else if (message.event === 'status') onStatus(message.status);
  });
  let ids = 0;
  const ask = async <M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>> => {
    const id = ++ids;
    await session.handle({ type: 'request', id, method, params });
    const answer = answers.get(id);
    if (!answer?.ok)
      throw new RequestFailed(answer?.error ?? { code: 'crashed', message: `${method} was not answered`, details: [] });
    return answer.result as ResultOf<M>;
  };
  await ask('session.open', { target, options });
  const began = secondsNow();
  let cut: Promise<unknown> | null = null;
  const ended = new Promise<RunStatus>((done) => {
    onStatus = (status) => {
      const isOver =
        secondsNow().process - began.process > (limits.cpuSeconds ?? Infinity) ||
        status.events >= (limits.events ?? Infinity);
      if (status.state !== 'running') done(status);
      else if (isOver) cut ??= ask('session.control', { action: 'pause' });
    };
  });
  await ask('session.control', { action: 'run' });
  const status = await ended;
  const seconds = difference(secondsNow(), began);
  if (status.state === 'failed')
    throw new RequestFailed(status.error ?? { code: 'crashed', message: 'the run failed', details: [] });
  const summary = await ask('session.summary', null);
  session.close();
  const [recording] = spools;
  const recordingBytes = recording === undefined ? 0 : statSync(recording).size;
  platform.close();
  return { status, summary, seconds, isCut: status.state !== 'finished', recordingBytes };
}
