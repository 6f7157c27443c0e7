/**
 * One file per foreign format. The hub only sorts importers by sniff() confidence. An importer reads the input twice:
 * once in prepare() to learn the address space, its objects and its damage, then in each open() to replay it; nothing
 * is held in memory but that index.
 */
import type { z } from 'zod';
import type { AccessSource } from './access-stream';
import type { ByteSource } from '../model/byte-source';

export interface ImportContext {
  /** Auxiliary files by option name (`symbols`, `allocations`). */
  readonly files: Readonly<Record<string, ByteSource>>;
  /** Options as given by CLI flags or the dialog, validated with the importer's schema. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Called from time to time with 0..1 (null: unknown) and what is being done. */
  progress(fraction: number | null, doing: string): void;
  /** true: the user cancelled; stop soon with a Refusal of message `cancelled`. */
  cancelled(): boolean;
}

export interface Importer {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** For file dialogs, without the dot. */
  readonly extensions: readonly string[];
  /** Auxiliary files this importer understands. */
  readonly auxiliary: readonly { readonly option: string; readonly title: string; readonly help: string }[];
  readonly options: z.ZodObject;
  /** How sure: 0 no, 1 certain. `head` holds the first bytes (up to 64 KiB) of the decompressed input. */
  sniff(head: Uint8Array, name: string): number;
  /** First pass. Throws Refusal with place and advice when nothing can be loaded. Memory is bounded. */
  prepare(source: ByteSource, context: ImportContext): Promise<AccessSource>;
}
