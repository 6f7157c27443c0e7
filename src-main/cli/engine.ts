/** The command line's side of the protocol: one session per command, closed in every case. */
import type { RunStatus } from '../../src-core/protocol/answers';
import type { BackendEvent, Response } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import { RequestFailed } from '../host/errors';
import type { Installation } from '../host/installation';
import { createSessionHost } from '../host/session-host';
import { EXIT, Interrupted } from './exit';
import { createProgress } from './progress';

export interface Engine {
  request<M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>>;
  /** Runs what is open to its end; rejects when the run fails. */
  runToEnd(): Promise<RunStatus>;
}

const isOver = (status: RunStatus): boolean => status.state === 'finished' || status.state === 'failed';

/** `happened` rejects with Interrupted at the first Ctrl-C (or SIGTERM); at the second, the process leaves at once. */
function listenForInterrupt(): { readonly happened: Promise<never>; stop(): void } {
  let signals = 0;
  let onSignal: () => void = () => undefined;
  const happened = new Promise<never>((_done, fail) => {
    onSignal = () => {
      if (signals++ > 0) process.exit(EXIT.interrupted);
      fail(new Interrupted());
    };
  });
  happened.catch(() => undefined); // may come when no caller waits any more
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    happened,
    stop: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

/**
 * Starts a session, does `work` with it and closes it. Ctrl-C cancels what runs and rejects with Interrupted once the
 * session is closed, so that no half-written file stays; a second one leaves at once.
 */
export async function withEngine<T>(
  installation: Installation,
  showProgress: boolean,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const progress = createProgress(showProgress);
  let onStatus: (status: RunStatus) => void = () => undefined;
  let onFailure: (failure: Error) => void = () => undefined;
  const send = (message: Response | BackendEvent): void => {
    if (message.type !== 'event') return;
    if (message.event === 'status') {
      progress.show(message.status);
      onStatus(message.status);
    }
    if (message.event === 'crashed') onFailure(new RequestFailed(message.error));
  };
  const host = createSessionHost({
    engine: installation.engine,
    examplesFolder: installation.examples,
    handlers: {},
    send,
  });
  // The crash event says where the recording was saved, which the failed request cannot know yet: it comes right after.
  const crash = new Promise<never>((_done, fail) => (onFailure = fail));
  crash.catch(() => undefined); // may come when no caller waits any more

  const request: Engine['request'] = async (method, params) => {
    try {
      return await host.request(method, params);
    } catch (thrown) {
      if (
        thrown instanceof RequestFailed &&
        thrown.data.code === 'crashed' &&
        thrown.data.details.some(({ kind }) => kind === 'engine-crash')
      )
        return crash;
      throw thrown;
    }
  };
  const runToEnd = async (): Promise<RunStatus> => {
    const over = new Promise<RunStatus>((done) => {
      onStatus = (status) => {
        if (isOver(status)) done(status);
      };
    });
    const first = await request('session.control', { action: 'run' });
    const last = isOver(first) ? first : await Promise.race([over, crash]);
    if (last.state === 'failed')
      throw new RequestFailed(
        last.error ?? { code: 'crashed', message: 'the run failed without a reason', details: [] },
      );
    return last;
  };

  const interruption = listenForInterrupt();
  try {
    return await Promise.race([work({ request, runToEnd }), interruption.happened]);
  } catch (thrown) {
    if (thrown instanceof Interrupted) await host.request('session.cancel', null).catch(() => undefined); // it is closed next, whatever it answers
    throw thrown;
  } finally {
    progress.end();
    await host.close();
    interruption.stop();
  }
}
