/**
 * A quantity that only grows along an axis, kept as a bounded number of points. Between two points the value of the earlier
 * one counts: what is read off a staircase is never more than what was true.
 */
const MOST_POINTS = 16_384;

export class Staircase {
  private xs: number[] = [];
  private ys: number[] = [];
  /** Points closer than this to the one before replace it. */
  private spacing = 0;
  private last = 0;

  /** From x on the value is y; neither ever shrinks. */
  add(x: number, y: number): void {
    if (y === this.last && this.xs.length > 0) return;
    this.last = y;
    const before = this.xs.length - 1;
    // A later value at an earlier place would promise too much: the point moves to where the value was reached.
    if (before > 0 && x - this.xs[before - 1]! < this.spacing) {
      this.xs[before] = x;
      this.ys[before] = y;
      return;
    }
    this.xs.push(x);
    this.ys.push(y);
    if (this.xs.length > MOST_POINTS) this.thin();
  }

  get total(): number {
    return this.last;
  }

  /** Value reached at x; 0 before the first point. */
  at(x: number): number {
    const next = this.after(x);
    return next === 0 ? 0 : this.ys[next - 1]!;
  }

  /** As if the quantity grew evenly from each point to the next, from 0 at 0: to draw with, never to bound by. */
  evenlyAt(x: number): number {
    const next = this.after(x);
    if (next === this.xs.length) return this.last;
    const [fromX, fromY] = next === 0 ? [0, 0] : [this.xs[next - 1]!, this.ys[next - 1]!];
    return fromY + ((this.ys[next]! - fromY) * (x - fromX)) / (this.xs[next]! - fromX);
  }

  /** Index of the first point beyond x. */
  private after(x: number): number {
    let low = 0;
    let high = this.xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.xs[middle]! <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private thin(): void {
    const keep = (_: number, index: number): boolean => index % 2 === 1 || index === this.xs.length - 1;
    const ys = this.ys.filter(keep);
    this.xs = this.xs.filter(keep);
    this.ys = ys;
    this.spacing = (this.xs.at(-1)! - this.xs[0]!) / MOST_POINTS;
  }
}
