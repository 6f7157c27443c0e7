/**
 * Random element numbers, many at a time. The generator is sfc32 as in base/random.ts, with its state in locals: a
 * closure per draw would cost more than the draw. Seeded from the consumer's own randomStream, so that the numbers of
 * one loop do not depend on any other.
 */
import { randomStream } from '../base/random';

/** a, b, c and counter of sfc32. */
export type DrawState = Int32Array;

export function drawState(seed: number, name: string): DrawState {
  const random = randomStream(seed, name);
  const state = new Int32Array([random.next(), random.next(), random.next(), 1]);
  fillUniform(state, new Uint32Array(12), 12, 2 ** 32); // warm-up rounds given by the generator's author
  return state;
}

/** into[0 .. n) = uniform whole numbers in [0, limit), limit ≤ 2^32; unbiased by rejection. */
export function fillUniform(state: DrawState, into: Uint32Array, n: number, limit: number): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let counter = state[3]!;
  // Largest value that is not rejected; fits 32 bits, which keeps the comparison and the division in integers.
  const fairMax = (4294967296 - (4294967296 % limit) - 1) >>> 0;
  const whole = limit === 4294967296;
  const divisor = whole ? 1 : limit >>> 0;
  for (let i = 0; i < n;) {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    const value = t >>> 0;
    if (value > fairMax) continue;
    into[i] = whole ? value : value % divisor;
    i++;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = counter;
}

/** Inverse of a cumulative distribution, with a guide table: bucket g of the unit interval starts at rank guide[g]. */
export interface ZipfTable {
  /** cumulative[i] = weight of ranks 0 … i; the last is the total. */
  readonly cumulative: Float64Array;
  readonly guide: Uint32Array;
}

/** into[0 .. n) = ranks from 0, rank r with weight 1/(r+1)^s. A binary search inside one bucket of the guide. */
export function fillRanks(state: DrawState, into: Uint32Array, n: number, table: ZipfTable): void {
  const { cumulative, guide } = table;
  const buckets = guide.length - 1;
  const total = cumulative[cumulative.length - 1]!;
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let counter = state[3]!;
  for (let i = 0; i < n; i++) {
    const high32 = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + high32;
    c |= 0;
    const low32 = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + low32;
    c |= 0;
    const unit = ((high32 >>> 0) * 2097152 + (low32 >>> 11)) / 9007199254740992;
    const bucket = Math.floor(unit * buckets);
    const wanted = unit * total;
    let low = guide[bucket]!;
    let high = guide[bucket + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    into[i] = low;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = counter;
}
