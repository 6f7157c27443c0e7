/** State as plain data: what can be copied, kept beside a run and compared, with nothing behind it that moves. */
export type PlainColumn = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

export type Plain =
  number | string | boolean | null | PlainColumn | readonly Plain[] | { readonly [field: string]: Plain };

/**
 * An object that says itself what its state is, because its fields do not: a stream over a file, for instance. After
 * `seek(p)` it behaves exactly as it did after the call of `position()` that returned `p`.
 */
export interface Positioned {
  /** A copy: later changes of the object do not reach it. */
  position(): Plain;
  seek(position: Plain): void;
}
