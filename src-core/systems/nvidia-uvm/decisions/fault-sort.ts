/** The order of a batch of faults: by address space and page, what is most intrusive first. */

/**
 * Sorts `order` by the keys beside it, with the heap sort of Linux (lib/sort.c since 5.2): sift down to a leaf by the larger
 * child, then back up to where the element belongs. Not stable, which is the point of writing it down: entries with equal
 * keys come out as in the kernel.
 */
export function kernelSort(order: Int32Array, keys: Float64Array, count: number): void {
  let a = count >> 1;
  let n = count;
  if (a === 0) return;
  for (;;) {
    if (a > 0) a--;
    else if (--n > 0) swap(order, keys, 0, n);
    else break;
    let b = a;
    for (let c = 2 * b + 1; c + 1 < n; c = 2 * b + 1) b = keys[c]! >= keys[c + 1]! ? c : c + 1;
    if (2 * b + 2 === n) b = 2 * b + 1; // a last leaf without a sibling
    while (b !== a && keys[a]! >= keys[b]!) b = (b - 1) >> 1;
    for (const c = b; b !== a;) {
      b = (b - 1) >> 1;
      swap(order, keys, b, c);
    }
  }
}

function swap(order: Int32Array, keys: Float64Array, a: number, b: number): void {
  const entry = order[a]!;
  order[a] = order[b]!;
  order[b] = entry;
  const key = keys[a]!;
  keys[a] = keys[b]!;
  keys[b] = key;
}

/**
 * The same for keys of which no two are equal, where every sort gives one order: merges the ascending runs that are there,
 * which are few in a batch, as each uTLB raises its faults in order.
 */
export class RunMerger {
  private order: Int32Array;
  private keys: Float64Array;
  private sortedOrder: Int32Array;
  private sortedKeys: Float64Array;

  constructor(capacity: number) {
    this.order = new Int32Array(capacity);
    this.keys = new Float64Array(capacity);
    this.sortedOrder = new Int32Array(capacity);
    this.sortedKeys = new Float64Array(capacity);
  }

  /** false: two keys are equal, and what was given is unchanged. */
  sort(order: Int32Array, keys: Float64Array, count: number): boolean {
    for (let i = 0; i < count; i++) {
      this.order[i] = order[i]!;
      this.keys[i] = keys[i]!;
    }
    for (;;) {
      const runs = this.mergePairs(count);
      if (runs === 0) return false;
      [this.order, this.sortedOrder] = [this.sortedOrder, this.order];
      [this.keys, this.sortedKeys] = [this.sortedKeys, this.keys];
      if (runs === 1) break;
    }
    for (let i = 0; i < count; i++) {
      order[i] = this.order[i]!;
      keys[i] = this.keys[i]!;
    }
    return true;
  }

  /** Merges each two neighbouring runs. Returns how many there are then, 0 where two keys are equal. */
  private mergePairs(count: number): number {
    const { order, keys, sortedOrder, sortedKeys } = this;
    let runs = 0;
    let to = 0;
    while (to < count) {
      const middle = this.endOfRun(to, count);
      const end = middle < count ? this.endOfRun(middle, count) : count;
      let a = to;
      let b = middle;
      while (to < end) {
        const isFirst = b >= end || (a < middle && keys[a]! < keys[b]!);
        if (a < middle && b < end && keys[a] === keys[b]) return 0;
        const from = isFirst ? a++ : b++;
        sortedOrder[to] = order[from]!;
        sortedKeys[to++] = keys[from]!;
      }
      runs++;
    }
    return runs;
  }

  /** One past the last element of the run of rising keys that begins here. */
  private endOfRun(first: number, count: number): number {
    let end = first + 1;
    while (end < count && this.keys[end - 1]! < this.keys[end]!) end++;
    return end;
  }
}
