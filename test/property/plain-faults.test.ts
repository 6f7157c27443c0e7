import { describe, expect, it, vi } from 'vitest';
import { randomStream } from '../../src-core/base/random';
import type { EvictionPolicy, PolicyEntry } from '../../src-core/contracts/policy';
import { findPolicy, policies } from '../../src-core/policies';
import type { PolicyChoice } from '../../src-core/model/scenario';
import { PlainFaultRuns } from '../../src-core/systems/ideal/mechanics/plain-faults';
import { caseOf } from './compare';
import { choose, drive } from './drive';

/** The same policies, without the promises that let runs of faults be served at once. */
function unpromised({ kind, id }: PolicyChoice): PolicyEntry | undefined {
  const entry = findPolicy(kind, id);
  return (
    entry && {
      ...entry,
      create: (params, env) =>
        Object.assign(entry.create(params, env), { isOldestFirst: false, isAlwaysMigrating: false }),
    }
  );
}

const OLDEST_FIRST = policies
  .filter(({ kind, needsFuture }) => kind === 'eviction' && !needsFuture)
  .filter((entry) => (entry.create({}, { random: randomStream(1, 'plain') }) as EvictionPolicy).isOldestFirst)
  .map(({ id }) => id);

describe('runs of plain faults', () => {
  it.each(OLDEST_FIRST)('are recorded as faults that are served one by one, under %s', async (id) => {
    const serve = vi.spyOn(PlainFaultRuns.prototype, 'serve');
    let evictions = 0;
    let writes = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const { source, machine, scenario } = caseOf(seed);
      const onFault = choose('migration', 'on-fault');
      // Every other run first maps granules where they are, and leaves mappings for the runs of faults to remove.
      const first = seed % 2 === 0 ? onFault : choose('migration', 'first-touch-stay-remote');
      const changes =
        first === onFault ? [] : [{ moment: { at: 'batch', batch: 1 + (seed % 40) }, policy: onFault } as const];
      const chosen = [choose('eviction', id), choose('prefetch', 'none'), first];
      const plain = { ...scenario, policies: chosen, changes, usefulBytes: false };
      const slice = seed % 3 === 0 ? { slice: 5 } : {};
      const fast = await drive(source, plain, { machine, ...slice });
      const slow = await drive(source, plain, { machine, findPolicy: unpromised });
      expect(fast.hash, `seed ${seed}`).toBe(slow.hash);
      expect(fast.objects, `seed ${seed}`).toEqual(slow.objects);
      evictions += fast.metric('evictions', 0);
      writes += fast.metric('gpuWrites', 0);
    }
    const served = serve.mock.results.map(({ value }) => value as number);
    serve.mockRestore();
    expect(served.reduce((sum, granules) => sum + granules, 0)).toBeGreaterThan(1000);
    expect(served.filter((granules) => granules > 1).length).toBeGreaterThan(10);
    expect(evictions).toBeGreaterThan(1000);
    expect(writes).toBeGreaterThan(1000);
  });
});
