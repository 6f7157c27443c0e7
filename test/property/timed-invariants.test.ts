/** Fault batches and time: no model to compare with, but laws that every run keeps. */
import { describe, expect, it } from 'vitest';
import type { MachineSpec } from '../../src-core/model/machine';
import { pcie4x16g } from '../../src-core/presets/machines/pcie4-16g';
import { caseOf, type Case } from './compare';
import { drive } from './drive';
import { brokenInvariants } from './invariants';

const BATCHES = [256, 256, 2, 7, 32];
const only = process.env['FAULTLINE_SEED'];
const seeds = only === undefined ? Array.from({ length: 250 }, (_, index) => index + 1) : [Number(only)];

const timed = (test: Case): MachineSpec => ({
  ...pcie4x16g,
  hostMapsDevice: test.machine.hostMapsDevice,
  faultBatchEntries: { ...pcie4x16g.faultBatchEntries, value: BATCHES[test.seed % BATCHES.length]! },
});

describe('a timed machine with fault batches', () => {
  for (let first = 0; first < seeds.length; first += 50) {
    const block = seeds.slice(first, first + 50);
    it(`keeps its laws, seeds ${block[0]} to ${block.at(-1)}`, async () => {
      for (const seed of block) {
        const test = caseOf(seed);
        const machine = timed(test);
        const about = `seed ${seed}, batches of ${machine.faultBatchEntries.value}, ${test.about}\nreplay: FAULTLINE_SEED=${seed} npx vitest run --project property test/property/timed-invariants.test.ts`;
        const engine = await drive(test.source, test.scenario, { machine, keepEvents: true });
        expect(brokenInvariants(test, engine).slice(0, 10), about).toEqual([]);
        const again = await drive(test.source, test.scenario, { machine });
        expect(again.hash, `a second run differs: ${about}`).toBe(engine.hash);
        const sliced = await drive(test.source, test.scenario, { machine, slice: 7 });
        expect(sliced.hash, `slices of 7 segments differ: ${about}`).toBe(engine.hash);
      }
    });
  }
});
