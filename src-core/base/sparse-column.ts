/**
 * A column of whole numbers that few rows have at a time: 512 rows come into being when one of them is set, and are used
 * for others when none is set any more.
 */
const ROW_BITS = 9;
const ROWS = 2 ** ROW_BITS;

export class SparseColumn {
  private readonly blocks: (Int32Array | undefined)[] = [];
  /** By block: rows that are set. */
  private readonly held: number[] = [];
  /** Blocks of which no row is set. */
  private readonly spare: Int32Array[] = [];

  /** @param missing what rows hold that are not set */
  constructor(private readonly missing: number) {}

  get(row: number): number {
    const block = this.blocks[row >>> ROW_BITS];
    return block ? block[row & (ROWS - 1)]! : this.missing;
  }

  /** @param value a 32-bit integer; `missing` takes the row away */
  set(row: number, value: number): void {
    const index = row >>> ROW_BITS;
    const block = this.blocks[index] ?? (value === this.missing ? null : this.make(index));
    if (!block) return;
    const at = row & (ROWS - 1);
    const before = block[at]!;
    if (before === value) return;
    block[at] = value;
    if (before === this.missing) this.held[index] = this.held[index]! + 1;
    else if (value === this.missing) this.drop(index, block);
  }

  private make(index: number): Int32Array {
    while (this.blocks.length <= index) {
      this.blocks.push(undefined);
      this.held.push(0);
    }
    return (this.blocks[index] = this.spare.pop() ?? new Int32Array(ROWS).fill(this.missing));
  }

  private drop(index: number, block: Int32Array): void {
    this.held[index] = this.held[index]! - 1;
    if (this.held[index] > 0) return;
    this.blocks[index] = undefined;
    this.spare.push(block);
  }
}
