/**
 * A question that is asked again and again while a run goes on: never more than one on its way, only the newest wish is
 * kept, and answers to an older run are dropped. What is shown stays until a newer answer is there.
 */
import { shallowRef, type ShallowRef } from 'vue';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import { RequestError, type Connection } from './connection';

export interface LiveQuestion<M extends Method> {
  readonly answer: ShallowRef<ResultOf<M> | null>;
  readonly error: ShallowRef<RequestError | null>;
  ask(params: Params<M>): void;
  /** Another run: drops the answer and ignores pending ones. */
  forget(): void;
}

/** @param pauseMs shortest time between two questions; 0 = as fast as answers come. */
export function createLiveQuestion<M extends Method>(
  connection: Pick<Connection, 'request'>,
  method: M,
  pauseMs = 0,
): LiveQuestion<M> {
  const answer = shallowRef<ResultOf<M> | null>(null);
  const error = shallowRef<RequestError | null>(null);
  let wanted: { readonly params: Params<M> } | null = null;
  let busy = false;
  let run = 0;
  let lastSentMs = -Infinity;
  let timer: ReturnType<typeof setTimeout> | null = null;

  const settle = (): void => {
    busy = false;
    sendNext();
  };
  const send = (params: Params<M>): void => {
    const mine = run;
    busy = true;
    lastSentMs = performance.now();
    connection.request(method, params).then(
      (result) => {
        if (mine === run) {
          answer.value = result;
          error.value = null;
        }
        settle();
      },
      (reason: unknown) => {
        if (mine === run)
          error.value = reason instanceof RequestError ? reason : new RequestError('crashed', String(reason));
        settle();
      },
    );
  };
  const sendNext = (): void => {
    if (busy || timer !== null || !wanted) return;
    const waitMs = lastSentMs + pauseMs - performance.now();
    if (waitMs > 0) {
      timer = setTimeout(() => {
        timer = null;
        sendNext();
      }, waitMs);
      return;
    }
    const { params } = wanted;
    wanted = null;
    send(params);
  };

  return {
    answer,
    error,
    ask(params) {
      wanted = { params };
      sendNext();
    },
    forget() {
      run++;
      wanted = null;
      answer.value = null;
      error.value = null;
    },
  };
}
