import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { FAULT } from '../../../src-core/model/events';
import { ColumnBlock } from '../../../src-core/record/columns';

/** Rows from the first on that rise by equal steps. */
function evenRows(values: ArrayLike<number>, count: number): number {
  let rows = Math.min(2, count);
  while (rows < count && values[rows]! - values[rows - 1]! === values[1]! - values[0]!) rows++;
  return rows;
}

/** Appends rows with the values start, start + step, …: a single one without saying so, others as a rule or as copied values. */
function append(block: ColumnBlock, count: number, start: number, step: number, isCopy: boolean): void {
  if (count === 1) {
    block.columns.address[block.row()] = start;
    return;
  }
  const first = block.addRows(count);
  for (let i = 0; i < count; i++) block.columns.address[first + i] = start + i * step;
  if (isCopy) block.look('address', first + count);
  else block.filled('address', first, count, start, step);
}

describe('the rows of a column that are known to rise by equal steps', () => {
  it('do so, whatever runs and single rows came, and are all rows after a run where no step differs', () => {
    const random = randomStream(3, 'even');
    let whole = 0;
    let broken = 0;
    for (let round = 0; round < 3000; round++) {
      const block = new ColumnBlock(FAULT);
      const step = random.below(3) * 4096;
      let next = 4096 * random.below(100);
      for (let part = 0, parts = 1 + random.below(6); part < parts; part++) {
        const count = 1 + random.below(9);
        const isOdd = random.below(8) === 0;
        const own = isOdd ? random.below(3) * 4096 : step;
        append(block, count, next, own, random.below(2) === 0);
        next += count * own + (random.below(16) === 0 ? 4096 : 0);
        const even = evenRows(block.columns.address, block.count);
        const { address: known } = block.even;
        expect(known, `round ${round}`).toBeLessThanOrEqual(even);
        if (count === 1) continue;
        if (even < block.count) broken++;
        else {
          whole++;
          expect(known, `round ${round}`).toBe(even);
        }
      }
      block.clear();
      expect(block.even.address).toBe(0);
    }
    expect(Math.min(whole, broken)).toBeGreaterThan(1000);
  });
});
