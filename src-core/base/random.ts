/**
 * Seeded random numbers, the same on every machine. The generator is sfc32 (Chris Doty-Humphrey, PractRand);
 * one stream per consumer, derived from the seed and the consumer's name, so that adding a consumer does not
 * shift the others.
 */
export interface Random {
  /** A uniform integer in [0, 2^32). */
  next(): number;
  /** A uniform integer in [0, limit), limit at most 2^53; unbiased by rejection up to 2^32. */
  below(limit: number): number;
  /** A uniform double in [0, 1) with 53 bits. */
  unit(): number;
}

function hashName(seed: number, name: string): [number, number, number] {
  // FNV-1a over the name, mixed with both halves of the seed.
  let h = 0x811c9dc5 ^ (seed >>> 0);
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return [h >>> 0, seed >>> 0, Math.floor(seed / 4294967296) >>> 0];
}

export const randomStream = (seed: number, name: string): Random => new Sfc32(hashName(seed, name));

/** The state is in fields, where a snapshot finds it. */
class Sfc32 implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: readonly [number, number, number]) {
    [this.a, this.b, this.c] = seed;
    for (let i = 0; i < 12; i++) this.next(); // warm-up rounds given by the generator's author
  }

  next(): number {
    const { a, b, c, counter } = this;
    const t = (((a + b) | 0) + counter) | 0;
    this.counter = (counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  below(limit: number): number {
    if (limit > 4294967296) return Math.floor(this.unit() * limit);
    const fair = 4294967296 - (4294967296 % limit);
    let value = this.next();
    while (value >= fair) value = this.next();
    return value % limit;
  }

  unit(): number {
    return (this.next() * 2097152 + (this.next() >>> 11)) / 9007199254740992;
  }
}
