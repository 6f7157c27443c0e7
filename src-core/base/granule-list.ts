/** A list of granules that is filled and emptied again and again without giving its memory back. */
export class GranuleList {
  count = 0;
  items = new Int32Array(1024);

  push(granule: number): void {
    if (this.count === this.items.length) {
      const larger = new Int32Array(2 * this.items.length);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.count++] = granule;
  }

  clear(): void {
    this.count = 0;
  }
}
