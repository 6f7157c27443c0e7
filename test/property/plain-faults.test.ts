import { describe, expect, it, vi } from 'vitest';
import type { PolicyEntry } from '../../src-core/contracts/policy';
import { findPolicy } from '../../src-core/policies';
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

describe('runs of plain faults', () => {
  it.each(['access-lru', 'migrated-lru'])('are recorded as faults that are served one by one, under %s', async (id) => {
    const serve = vi.spyOn(PlainFaultRuns.prototype, 'serve');
    let evictions = 0;
    let writes = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const { source, machine, scenario } = caseOf(seed);
      const policies = [choose('eviction', id), choose('prefetch', 'none'), choose('migration', 'on-fault')];
      const plain = { ...scenario, policies, usefulBytes: false };
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
