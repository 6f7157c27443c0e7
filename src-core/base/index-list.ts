/** A list of indices (granules, objects) that is filled and emptied again and again without giving its memory back. */
export class IndexList {
  count = 0;
  items = new Int32Array(1024);

  push(index: number): void {
    if (this.count === this.items.length) {
      const larger = new Int32Array(2 * this.items.length);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.count++] = index;
  }

  clear(): void {
    this.count = 0;
  }
}
