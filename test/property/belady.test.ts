/** Belady's bound against every possible choice of victims. */
import { describe, expect, it } from 'vitest';
import { accessesOf } from './accesses';
import { choose, drive, makeScenario } from './drive';
import { randomProgram, sourceOf, type ProgramPlan } from './random-program';

const GRANULE = 4096;
const MOST_GRANULES = 12;

/** The same program with every step on the device: Belady's claim is about device accesses alone. */
function onDevice(program: ProgramPlan): ProgramPlan {
  const parts = program.parts.flatMap((part) =>
    part.kind === 'step' ? [{ kind: part.kind, step: { ...part.step, processor: 1 } }] : [],
  );
  return { ...program, parts };
}

/** Fewest faults over all sequences of victims: sets of residents → fewest faults so far, access by access. */
function fewestFaults(sequence: readonly number[], capacity: number): number {
  let states = new Map<string, { residents: readonly number[]; faults: number }>([['', { residents: [], faults: 0 }]]);
  for (const granule of sequence) {
    const next: typeof states = new Map();
    const reach = (residents: readonly number[], faults: number): void => {
      const key = [...residents].sort((a, b) => a - b).join();
      const known = next.get(key);
      if (!known || known.faults > faults) next.set(key, { residents, faults });
    };
    for (const { residents, faults } of states.values())
      if (residents.includes(granule)) reach(residents, faults);
      else if (residents.length < capacity) reach([...residents, granule], faults + 1);
      else
        for (const victim of residents) reach([...residents.filter((other) => other !== victim), granule], faults + 1);
    states = next;
  }
  return Math.min(...[...states.values()].map(({ faults }) => faults));
}

describe('belady', () => {
  it('makes as few device faults as the best of all choices of victims, and LRU never makes fewer', async () => {
    let cases = 0;
    let better = 0;
    for (let seed = 1; cases < 60; seed++) {
      const program = onDevice(randomProgram(seed, { granuleBytes: GRANULE, devices: 1, mayFork: false }));
      const source = sourceOf(program);
      const visits = accessesOf(source, GRANULE).map((access) => Math.floor(access.address / GRANULE));
      const sequence = visits.filter((granule, index) => index === 0 || granule !== visits[index - 1]);
      const granules = new Set(sequence).size;
      if (granules < 3 || granules > MOST_GRANULES || sequence.length > 4000) continue;
      cases++;
      const capacity = 1 + (seed % Math.min(4, granules - 1));
      const faults = async (eviction: string): Promise<number> => {
        const policies = [choose('eviction', eviction), choose('prefetch', 'none'), choose('migration', 'on-fault')];
        const { objects } = await drive(source, makeScenario({ deviceMemoryBytes: capacity * GRANULE, policies }));
        return objects.reduce((sum, counts) => sum + counts.gpuFaults, 0);
      };
      const best = fewestFaults(sequence, capacity);
      expect(await faults('belady'), `seed ${seed}, ${granules} granules, room for ${capacity}`).toBe(best);
      const lru = await faults('access-lru');
      expect(lru, `seed ${seed}`).toBeGreaterThanOrEqual(best);
      if (lru > best) better++;
    }
    expect(better).toBeGreaterThan(10); // otherwise the cases were too easy to tell the two apart
  });
});
