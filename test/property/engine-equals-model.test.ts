import { describe, expect, it } from 'vitest';
import { caseOf, compare, replayCommand } from './compare';
import { drive } from './drive';

const SEEDS = 500;
const BLOCK = 25;
const only = process.env['FAULTLINE_SEED'];
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(only)];

const failed = (seed: number, what: string, about: string): string => `seed ${seed}: ${what}\n${about}\nreplay: ${replayCommand(seed)}`;

describe('the engine and the slow model', () => {
  for (let first = 0; first < seeds.length; first += BLOCK) {
    const block = seeds.slice(first, first + BLOCK);
    it(`agree on every number, seeds ${block[0]} to ${block.at(-1)}`, async () => {
      for (const seed of block) {
        const test = caseOf(seed);
        const { differences, engine } = await compare(test);
        expect(differences, failed(seed, 'engine and model differ', test.about)).toEqual([]);
        const sliced = await drive(test.source, test.scenario, { machine: test.machine, slice: 7 });
        expect(sliced.hash, failed(seed, 'slices of 7 segments give another recording', test.about)).toBe(engine.hash);
      }
    });
  }
});
