/**
 * Everything that crosses a boundary: renderer ↔ main ↔ engine worker, browser ↔ headless server, CLI ↔ worker.
 * A client sends requests and gets one response each; the backend sends events at any time. Plain data and typed arrays
 * only. One session per connection.
 */
import type { OpenTarget } from '../model/target';
import type { ErrorData, RunInfo, RunStatus } from './answers';
import type { Method, Params } from './methods';
import type { RunOptions } from './parameters';

export interface Request<M extends Method = Method> {
  readonly type: 'request';
  /** Chosen by the client, unique among its unanswered requests. */
  readonly id: number;
  readonly method: M;
  readonly params: Params<M>;
}
export type Response =
  | { readonly type: 'response'; readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly type: 'response'; readonly id: number; readonly ok: false; readonly error: ErrorData };

export type BackendEvent =
  | { readonly type: 'event'; readonly event: 'status'; readonly status: RunStatus }
  /** The host opened something on its own (menu, file argument, drop): clients reload their views. */
  | {
      readonly type: 'event';
      readonly event: 'opened';
      readonly info: RunInfo;
      /** What was opened and how, so that a client can open it again with other options. */
      readonly target: OpenTarget;
      readonly options: RunOptions;
    }
  /** The engine worker died. A new one is ready; `recording` is what was saved so far. */
  | { readonly type: 'event'; readonly event: 'crashed'; readonly error: ErrorData; readonly recording: string | null };

export type Message = Request | Response | BackendEvent;
