/**
 * Where bytes come from. Core never opens files: src-main/io makes one of these from a path (already decompressed),
 * tests make one from a string.
 */
export interface ByteSource {
  /** File name without folders, for messages and for recordings. */
  readonly name: string;
  /** Starts reading from the beginning; may be called again. Throws Refusal when the data is damaged (truncated gzip). */
  chunks(): AsyncIterable<Uint8Array>;
  /** How far the newest chunks() iteration is, in bytes as stored; total is null where it is not known. */
  progress(): { readonly read: number; readonly total: number | null };
}

/** Bytes that go somewhere in order (a recording on disk). Calls are synchronous: the engine does not wait. */
export interface ByteSink {
  /** @param bytes valid during the call */
  write(bytes: Uint8Array): void;
  /** Drops what stands behind the first `length` bytes and goes on from there, also after `close`. */
  truncate(length: number): void;
  close(): void;
}

/** Incremental SHA-256; made by the platform (node:crypto), handed to the recorder. */
export interface HashSink {
  update(bytes: Uint8Array): void;
  /** Hex digest of what was given so far; may be asked more than once. */
  digest(): string;
}
