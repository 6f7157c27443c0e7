/** A column of whole numbers that few rows have: 512 rows at a time come into being when one of them is set. */
const ROWS = 512;

export class SparseColumn {
  private readonly blocks: (Int32Array | undefined)[] = [];

  /** @param missing what rows hold that were never set */
  constructor(private readonly missing: number) {}

  get(row: number): number {
    const block = this.blocks[row >>> 9];
    return block ? block[row & (ROWS - 1)]! : this.missing;
  }

  set(row: number, value: number): void {
    const block = this.blocks[row >>> 9];
    if (block) block[row & (ROWS - 1)] = value;
    else if (value !== this.missing) this.make(row >>> 9)[row & (ROWS - 1)] = value;
  }

  private make(index: number): Int32Array {
    while (this.blocks.length <= index) this.blocks.push(undefined);
    return (this.blocks[index] = new Int32Array(ROWS).fill(this.missing));
  }
}
