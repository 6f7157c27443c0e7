/** A broken promise inside the program: our bug, never the user's input. */
export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant';
}

/** States what the author believed. Stays on in production at component edges. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new BrokenInvariant(sentence);
}

/** Makes a forgotten case of a union fail to compile, and fail loudly if data from outside slips through. */
export function unreachable(value: never): never {
  throw new BrokenInvariant(`unexpected case ${JSON.stringify(value)}`);
}
