/** The few universal globals that core accepts; everything else of a platform fails to compile here.
 *  Node, browsers and workers all have them, with the same behaviour. */

interface FaultlineTextDecoderOptions {
  readonly fatal?: boolean;
  readonly ignoreBOM?: boolean;
}

/** WHATWG text decoder; `stream: true` keeps the tail of a character that is cut by a chunk border. */
declare class TextDecoder {
  constructor(label?: string, options?: FaultlineTextDecoderOptions);
  decode(input?: ArrayBufferLike | ArrayBufferView, options?: { readonly stream?: boolean }): string;
}

/** WHATWG text encoder: always UTF-8. */
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
