/** Typed requests with one answer each, and events, over whatever carrier there is. */
import { shallowRef, type ShallowRef } from 'vue';
import type { ErrorData } from '../../src-core/protocol/answers';
import type { BackendEvent, Message } from '../../src-core/protocol/messages';
import type { Method, Params, ResultOf } from '../../src-core/protocol/methods';
import type { Finding } from '../../src-core/model/finding';
import type { Carrier, Transport } from './transport';

/** Why a request has no result. `lost`: the connection broke before the answer came. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  constructor(
    readonly code: ErrorData['code'] | 'lost',
    message: string,
    readonly details: readonly Finding[] = [],
  ) {
    super(message);
  }
}

export type Link =
  { readonly state: 'connecting' } | { readonly state: 'open' } | { readonly state: 'lost'; readonly reason: string };

interface Waiting {
  resolve(result: unknown): void;
  reject(error: RequestError): void;
}

export interface Connection {
  readonly link: ShallowRef<Link>;
  readonly request: <M extends Method>(method: M, params: Params<M>) => Promise<ResultOf<M>>;
  /** Opens a fresh carrier; requests of the old one have failed by then. */
  readonly reconnect: () => void;
}

export interface ConnectionEvents {
  opened(): void;
  event(event: BackendEvent): void;
}

export function createConnection(carrier: Carrier, events: ConnectionEvents): Connection {
  const link = shallowRef<Link>({ state: 'connecting' });
  const waiting = new Map<number, Waiting>();
  let transport: Transport | null = null;
  let attempt = 0;
  let nextId = 1;

  const failAll = (reason: string): void => {
    const error = new RequestError('lost', reason);
    const all = [...waiting.values()];
    waiting.clear();
    for (const one of all) one.reject(error);
  };

  const receive = (message: Message): void => {
    if (message.type === 'event') events.event(message);
    else if (message.type === 'response') {
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.ok) asked?.resolve(message.result);
      else asked?.reject(new RequestError(message.error.code, message.error.message, message.error.details));
    }
  };

  const connect = (): void => {
    const mine = ++attempt;
    transport?.close();
    failAll('A new connection was opened.');
    link.value = { state: 'connecting' };
    transport = carrier({
      opened() {
        if (mine !== attempt) return;
        link.value = { state: 'open' };
        events.opened();
      },
      message(message) {
        if (mine === attempt) receive(message);
      },
      lost(reason) {
        if (mine !== attempt) return;
        link.value = { state: 'lost', reason };
        failAll(reason);
      },
    });
  };

  const request = <M extends Method>(method: M, params: Params<M>): Promise<ResultOf<M>> =>
    new Promise((resolve, reject) => {
      const now = link.value;
      if (now.state !== 'open' || !transport) {
        reject(new RequestError('lost', now.state === 'lost' ? now.reason : 'Not connected to the engine yet.'));
        return;
      }
      const id = nextId++;
      waiting.set(id, { resolve: (result) => resolve(result as ResultOf<M>), reject });
      transport.send({ type: 'request', id, method, params });
    });

  connect();
  return { link, request, reconnect: connect };
}
