/** Neighbours that move together are booked as if each had moved alone, whatever came before. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { type AccessOp, asProcessor } from '../../../src-core/model/processor';
import { Ledger } from '../../../src-core/kit/ledger';
import { BOUNCED, OWNER_MASK, Residency } from '../../../src-core/kit/residency';
import { asGranule } from '../../../src-core/base/indices';
import { layOut } from '../../property/random-program';

const GRANULE = 4096;
const GRANULES = 32;
const KEPT = ~(OWNER_MASK | BOUNCED);
/** The first object ends inside a granule that the second begins in, as objects of a trace may. */
const apart = layOut([{ bytes: GRANULES * GRANULE, elementBytes: 8, isOnHost: false }]);
const sharing = {
  ...apart,
  objects: [
    { ...apart.objects[0]!, bytes: 16.5 * GRANULE },
    { ...apart.objects[0]!, name: 'other', offset: 16.5 * GRANULE, address: 16.5 * GRANULE, bytes: 15.5 * GRANULE },
  ],
};

interface Books {
  readonly residency: Residency;
  readonly ledger: Ledger;
  /** By granule: told that the ledger follows it. */
  readonly told: Uint8Array;
}
function books(space: typeof apart, usefulBytes: boolean): Books {
  const residency = new Residency(space.bytes / GRANULE, 2, 8);
  const told = new Uint8Array(residency.granules);
  const tracked = (granule: number, on: boolean, count: number): void => {
    told.fill(on ? 1 : 0, granule, granule + count);
  };
  return { residency, told, ledger: new Ledger(space, GRANULE, residency, usefulBytes, tracked) };
}

describe.each([
  ['one object', apart],
  ['a granule that two objects share', sharing],
])('runs of granules, %s', (_, space) => {
  it.each([false, true])('useful bytes marked: %s', (usefulBytes) => {
    const stream = randomStream(1, 'ledger-runs');
    for (let round = 0; round < 60; round++) {
      const together = books(space, usefulBytes);
      const alone = books(space, usefulBytes);
      for (let step = 0; step < 40; step++) {
        const first = asGranule(stream.below(GRANULES));
        const count = 1 + stream.below(GRANULES - first);
        const receiver = asProcessor(stream.below(2));
        if (stream.below(2) === 0) {
          together.ledger.transferredRun(first, count, receiver, KEPT, receiver + 1);
          for (let granule = first; granule < first + count; granule++) {
            const { state } = alone.residency;
            alone.ledger.leaving(granule);
            state[granule] = (state[granule]! & KEPT) | (receiver + 1);
            alone.ledger.transferred(granule, receiver);
          }
          continue;
        }
        const op = stream.below(4) as AccessOp;
        const bytes = stream.below(3) === 0 ? GRANULE : 8 * (1 + stream.below(64));
        for (const { ledger } of [together, alone])
          for (let granule = first; granule < first + count; granule++)
            ledger.accessed(granule, op, 0, 0, 1, bytes, receiver === 1);
      }
      const seen = ({ ledger, residency, told }: Books): unknown => {
        const all = (): unknown => [[...residency.state.subarray(0, GRANULES)], [...told.subarray(0, GRANULES)]];
        const before = [[...ledger.preview()], all()];
        ledger.finish();
        return [before, [...ledger.counters], all()];
      };
      expect(seen(together)).toEqual(seen(alone));
    }
  });
});
