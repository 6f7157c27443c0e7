/**
 * Access counters. Each basic block of 64 KiB has one word: accesses in the low 27 bits, round trips (write-backs of its
 * large page) in the next 6; a field that is full halves that field of all blocks. Source: UVMSmart, gpu-sim.cc, lines
 * 2909-3078.
 */
const MOST_ACCESSES = 2 ** 27 - 1;
const MOST_ROUND_TRIPS = 2 ** 6 - 1;

export class BlockCounters {
  private readonly accessesOf: Int32Array;
  private readonly roundTripsOf: Uint8Array;

  constructor(leaves: number) {
    this.accessesOf = new Int32Array(leaves);
    this.roundTripsOf = new Uint8Array(leaves);
  }

  accesses(leaf: number): number {
    return this.accessesOf[leaf]!;
  }
  roundTrips(leaf: number): number {
    return this.roundTripsOf[leaf]!;
  }

  /** `count` accesses of a processor to the block. Returns true where all counters were halved, so that totals halve too. */
  count(leaf: number, count: number): boolean {
    const sum = this.accessesOf[leaf]! + count;
    const isFull = sum >= MOST_ACCESSES;
    if (isFull) for (let i = 0; i < this.accessesOf.length; i++) this.accessesOf[i] = this.accessesOf[i]! >> 1;
    this.accessesOf[leaf] = isFull ? MOST_ACCESSES >> 1 : sum;
    return isFull;
  }

  /** Blocks [first, first + leaves) made a round trip. */
  returned(first: number, leaves: number): void {
    for (let leaf = first; leaf < first + leaves; leaf++) {
      if (this.roundTripsOf[leaf] === MOST_ROUND_TRIPS)
        for (let i = 0; i < this.roundTripsOf.length; i++) this.roundTripsOf[i] = this.roundTripsOf[i]! >> 1;
      this.roundTripsOf[leaf] = this.roundTripsOf[leaf]! + 1;
    }
  }
}
