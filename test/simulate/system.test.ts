import { describe, expect, it } from 'vitest';
import { runSeed, type Failure } from './run';
import { SEEDS_THAT_FAILED } from './seeds';

const SEEDS = 2000;
const PER_TEST = 200;
/** All seeds take about 60 s of one core; this is for machines that do much else. */
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
  'cpu-read-ok': 100_000,
  'cpu-write-ok': 40_000,
  'cpu-read-blocked': 1_500,
  'cpu-write-sigbus': 1_000,
  'cpu-write-sigsegv': 1_000,
  'device-read-ok': 20_000,
  'device-write-ok': 20_000,
  'device-read-blocked': 800,
  'device-local-access': 6_000,
  'cow-of-device-page': 500,
  'moved-to-device': 50_000,
  'moved-back': 3_000,
  'moved-large': 80,
  'brought-back-by-cpu-fault': 8_000,
  'evicted-by-frame': 1_000,
  evicted: 500,
  'evict-stayed': 500,
  'destination-missing': 5_000,
  'exclusive-granted': 1_200,
  'exclusive-blocked': 500,
  'pin-short': 1_500,
  'pin-long': 800,
  'pin-left-device': 100,
  'pin-refused-EAGAIN': 150,
  'pin-refused-EBUSY': 8,
  'dma-read': 400,
  'dma-write': 300,
  'swapped-out': 10_000,
  'swapped-in': 8_000,
  'written-back': 250,
  'ksm-merged': 800,
  'hint-faults': 1_500,
  'numa-moved': 2_500,
  'thp-faults': 150,
  'thp-splits': 200,
  'madvise-collapse': 15,
  truncate: 1_000,
  fork: 1_500,
  'fork-failed': 1,
  'oom-kill': 10,
  'mremap-moved': 400,
  'unplug-emptied': 150,
  'unplug-waits': 200,
  replug: 700,
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
