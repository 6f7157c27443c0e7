import { describe, expect, it } from 'vitest';
import type { BoundRow, BoundValue } from '../../../src-core/model/bounds';
import { ratioCards } from '../../../src-renderer/panels/summary/ratios';

const value = (changes: Partial<BoundValue>): BoundValue => ({
  quantity: 'gpuFaults',
  kind: 'bound',
  value: 100,
  run: 417,
  ratio: 4.17,
  reason: null,
  ...changes,
});
const row = (...values: BoundValue[]): BoundRow => ({ id: 'b', title: 'B', summary: 'why', values, notes: [] });

describe('cards of ratios', () => {
  it('say how many times the bound a run is, and what is only a reference', () => {
    const [card] = ratioCards([row(value({}), value({ quantity: 'linkBytes', kind: 'reference', ratio: 0.287 }))]);
    expect(card).toEqual({
      title: 'B',
      help: 'why',
      values: [
        { what: 'device faults', ratio: '4.17 ×' },
        { what: 'bytes over the link (reference)', ratio: '0.29 ×' },
      ],
    });
  });

  it('distinguish a run that needs no transfers from one that could avoid them', () => {
    const texts = [value({ value: 0, run: 0, ratio: null }), value({ value: 0, run: 7, ratio: null })].map(
      (one) => ratioCards([row(one)])[0]?.values[0]?.ratio,
    );
    expect(texts).toEqual(['1 ×', '∞']);
  });

  it('leave out what is not defined', () => {
    const absent = value({ value: null, ratio: null, reason: 'there is no clock' });
    expect(ratioCards([row(absent)])).toEqual([]);
    expect(ratioCards([row(absent, value({}))])[0]?.values).toHaveLength(1);
  });
});
