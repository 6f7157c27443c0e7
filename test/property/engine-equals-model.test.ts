import { describe, expect, it } from 'vitest';
import { caseOf, compare, replayCommand } from './compare';
import { drive } from './drive';
import type { SlowCounts } from './slow-model';

const SEEDS = 500;
const BLOCK = 50;
const only = process.env['FAULTLINE_SEED'];
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(only)];

const failed = (seed: number, what: string, about: string): string =>
  `seed ${seed}: ${what}\n${about}\nreplay: ${replayCommand(seed)}`;

/** How many seeds made something of each quantity happen; a suite in which nothing is evicted proves nothing about it. */
const seen = new Map<string, number>();
function note(objects: readonly SlowCounts[]): void {
  for (const [name, first] of Object.entries(objects[0] ?? {}))
    if (typeof first === 'number' && objects.some((counts) => counts[name as 'migrations'] > 0))
      seen.set(name, (seen.get(name) ?? 0) + 1);
}

describe('the engine and the slow model', () => {
  for (let first = 0; first < seeds.length; first += BLOCK) {
    const block = seeds.slice(first, first + BLOCK);
    it(`agree on every number, seeds ${block[0]} to ${block.at(-1)}`, async () => {
      for (const seed of block) {
        const test = caseOf(seed);
        const { differences, engine } = await compare(test);
        expect(differences, failed(seed, 'engine and model differ', test.about)).toEqual([]);
        note(engine.objects);
        const sliced = await drive(test.source, test.scenario, { machine: test.machine, slice: 7 });
        expect(sliced.hash, failed(seed, 'slices of 7 segments give another recording', test.about)).toBe(engine.hash);
        const unmarked = await drive(test.source, { ...test.scenario, usefulBytes: false }, { machine: test.machine });
        const others = engine.objects.map((counts) => ({ ...counts, usefulBytes: 0 }));
        expect(unmarked.objects, failed(seed, 'marking useful bytes changes other numbers', test.about)).toEqual(
          others,
        );
      }
    });
  }

  it.skipIf(only !== undefined)('were asked about everything that the rules name', () => {
    const counts = Object.fromEntries(seen);
    for (const name of [
      'accesses',
      'cpuFaults',
      'gpuFaults',
      'bytesToDevice',
      'bytesToHost',
      'migrations',
      'usefulBytes',
    ])
      expect(counts[name], name).toBeGreaterThan(SEEDS / 3);
    for (const name of [
      'evictions',
      'deadBytesToDevice',
      'deadBytesToHost',
      'unresolvedBytesToDevice',
      'unresolvedBytesToHost',
      'remoteBytes',
      'pingPongs',
      'prefetchedBytes',
    ])
      expect(counts[name], name).toBeGreaterThan(SEEDS / 20);
  });
});
