/** What passes between the session host and its engine worker, around the messages of the protocol. */
import type { BackendEvent, Request, Response } from '../../src-core/protocol/messages';
import type { KeptState } from '../../src-core/session';

export interface EngineWorkerData {
  /** Exists, belongs to this worker alone; the host removes it. */
  readonly spoolFolder: string;
  readonly examplesFolder: string;
  /** What the session of a worker before this one hands on. */
  readonly kept: KeptState | null;
  /** Tests only (FAULTLINE_TEST_CRASH): die on purpose once this many fault batches were serviced. */
  readonly crash: { readonly how: 'throw' | 'heap'; readonly afterBatches: number } | null;
}

export type ToEngine =
  | { readonly kind: 'request'; readonly request: Request }
  /** An upload is complete and may be named in targets from now on. */
  | { readonly kind: 'upload'; readonly id: string; readonly path: string; readonly name: string }
  | { readonly kind: 'close' };

export type FromEngine =
  | { readonly kind: 'message'; readonly message: Response | BackendEvent }
  /** The growing recording is this file from now on: what the host saves when the worker dies. */
  | { readonly kind: 'spool'; readonly path: string }
  /** In place of an answer: a fresh worker is to serve this request to open something. */
  | { readonly kind: 'retire'; readonly requestId: number; readonly kept: KeptState }
  | { readonly kind: 'closed' };
