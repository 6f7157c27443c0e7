/** Thread groups whose replay is on its way: they occupy the device until it lands. Replays land in the order of service. */
export class Landings {
  /** Thread groups that occupy the device. */
  weight = 0;
  private readonly atPs: number[] = [];
  private readonly weights: number[] = [];
  private head = 0;

  push(atPs: number, weight: number): void {
    this.atPs.push(atPs);
    this.weights.push(weight);
    this.weight += weight;
  }

  /** When the next one lands; Infinity where none is on its way. */
  nextPs(): number {
    return this.atPs[this.head] ?? Infinity;
  }

  /** All groups that land until then free their slots. */
  landUntil(timePs: number): void {
    while (this.head < this.atPs.length && this.atPs[this.head]! <= timePs) {
      this.weight -= this.weights[this.head]!;
      this.head++;
    }
    if (this.head === this.atPs.length || this.head > 8192) {
      this.atPs.splice(0, this.head);
      this.weights.splice(0, this.head);
      this.head = 0;
    }
  }
}
