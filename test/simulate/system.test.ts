import { describe, expect, it } from 'vitest';
import { runSeed, type Failure } from './run';
import { SEEDS_THAT_FAILED } from './seeds';

const SEEDS = 2000;
const PER_TEST = 200;
/** All seeds take about 30 s of one core; this is for machines that do much else. */
const LONGEST_MS = 180_000;
/** Replay of one seed: FAULTLINE_SEED=123 npx vitest run --project simulate test/simulate/system.test.ts */
const ONLY = process.env.FAULTLINE_SEED;

const counts = new Map<string, number>();

function explain({ seed, step, operation, property, wrong }: Failure): string {
  const replay = `FAULTLINE_SEED=${seed} npx vitest run --project simulate test/simulate/system.test.ts`;
  return `seed ${seed}, step ${step} (${operation}) violates ${property}:\n  ${wrong.join('\n  ')}\nreplay: ${replay}`;
}

/** Runs seeds and answers what failed, as text with the command that replays it. */
function run(seeds: readonly number[]): string[] {
  const failed: string[] = [];
  for (const seed of seeds) {
    const outcome = runSeed(seed);
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    if (outcome.failure) failed.push(explain(outcome.failure));
  }
  return failed;
}

const from = (first: number): number[] => Array.from({ length: PER_TEST }, (_, i) => first + i);

/** How often each kind of thing has to have happened over all seeds, so that the properties were put to the test. */
const OFTEN: Readonly<Record<string, number>> = {
  'cpu-read-ok': 50_000,
  'cpu-write-ok': 20_000,
  'cpu-read-blocked': 300,
  'cpu-write-sigbus': 100,
  'cpu-write-sigsegv': 100,
  'device-read-ok': 5_000,
  'device-write-ok': 5_000,
  'device-read-blocked': 100,
  'device-local-access': 3_000,
  'cow-of-device-page': 200,
  'moved-to-device': 5_000,
  'moved-back': 1_000,
  'moved-large': 10,
  'brought-back-by-cpu-fault': 2_000,
  'evicted-by-frame': 300,
  evicted: 200,
  'evict-stayed': 300,
  'destination-missing': 500,
  'exclusive-granted': 500,
  'exclusive-blocked': 100,
  'pin-short': 500,
  'pin-long': 300,
  'pin-left-device': 20,
  'pin-refused-EAGAIN': 30,
  'pin-refused-EBUSY': 3,
  'dma-read': 200,
  'dma-write': 150,
  'swapped-out': 5_000,
  'swapped-in': 1_000,
  'written-back': 100,
  'ksm-merged': 300,
  truncate: 500,
  fork: 1_000,
  'oom-kill': 5,
  'mremap-moved': 300,
  'madvise-collapse': 2,
  'unplug-emptied': 100,
  'unplug-waits': 100,
};

if (ONLY !== undefined)
  describe('replay', () => {
    it(`seed ${ONLY}`, () => {
      expect(run([Number(ONLY)])).toEqual([]);
    });
  });

describe.runIf(ONLY === undefined)('whole system, semantics section 16', () => {
  it.each(SEEDS_THAT_FAILED)('seed $seed, which once failed: $story', ({ seed }) => {
    expect(run([seed])).toEqual([]);
  });

  it.each(Array.from({ length: SEEDS / PER_TEST }, (_, i) => i * PER_TEST + 1))(
    `${PER_TEST} seeds from %i on`,
    (first) => {
      expect(run(from(first))).toEqual([]);
    },
    LONGEST_MS,
  );

  it('every kind of thing happened often enough', () => {
    const rare = Object.entries(OFTEN).filter(([what, least]) => (counts.get(what) ?? 0) < least);
    expect(rare.map(([what, least]) => `${what}: ${counts.get(what) ?? 0} < ${least}`)).toEqual([]);
    // Memory is scarce by design, but most accesses find some.
    expect(counts.get('cpu-read-oom') ?? 0).toBeLessThan((counts.get('cpu-read-ok') ?? 0) / 50);
  });
});
