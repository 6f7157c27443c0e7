/**
 * What the session needs from the world outside core. src-main/host makes one in the engine worker; tests make a small
 * one. Nothing here is called per access.
 */
import type { OpenTarget } from '../model/target';
import type { ByteSink, ByteSource, HashSink } from '../model/byte-source';

/** The growing recording of the current run: written as chunks are complete, kept when the worker dies. */
export interface Spool {
  /** Path on the backend's machine. */
  readonly path: string;
  readonly sink: ByteSink;
}

export interface Example {
  /** File name without its extension; in a sub-folder of the examples, with its name and a slash in front. */
  readonly id: string;
  readonly path: string;
}

export interface Platform {
  /** Resolves a target to (decompressed) bytes. Throws Refusal: not there, a directory, no permission, unknown upload. */
  source(target: OpenTarget): Promise<ByteSource>;
  /** The path to name in messages and reports for a target; null for uploads. */
  pathOf(target: OpenTarget): string | null;
  examples(): readonly Example[];
  createHash(): HashSink;
  /** A fresh spool file; the previous one of this session is deleted when it was not kept. */
  createSpool(): Spool;
  /** Copies the spool to a path, whole or not at all. Returns its size. */
  keepSpool(path: string): Promise<number>;
  /** Wall clock in milliseconds, for pacing only: never reaches a result. */
  wallMs(): number;
  /** Resolves in a later turn of the event loop, so that requests are answered during the run. */
  pause(ms: number): Promise<void>;
}
