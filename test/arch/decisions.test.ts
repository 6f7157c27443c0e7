/**
 * The decisions that the oracle holds against the driver are those that the engine runs: one object, in the registry of memory
 * systems. A mistake planted in it shows in the recorded vectors and in golden counts alike.
 */
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import type { NvidiaDecisions } from '../../src-core/contracts/nvidia-uvm';
import { memorySystems } from '../../src-core/systems';
import { registeredDecisions } from '../../src-core/session/oracle';
import { count, scenarios, type GoldenScenario } from '../golden/nvidia-uvm/scenarios';
import { mutations } from '../oracle/nvidia-uvm/mutations';
import { check, matching, VECTOR_FILES, type VectorFile } from '../oracle/nvidia-uvm/vectors';
import { read } from './project-files';

const entry = memorySystems.find(({ id }) => id === 'nvidia-uvm');

afterEach(() => {
  vi.restoreAllMocks();
});

test('the oracle takes the decisions from the registry entry', () => {
  expect(entry?.decisions).toBeDefined();
  expect(registeredDecisions()).toBe(entry?.decisions);
  for (const path of ['decisions.test.ts', 'vectors.ts', 'mutations.test.ts']) {
    const imports = [...read(`test/oracle/nvidia-uvm/${path}`).matchAll(/from '([^']+)'/g)].map(([, from]) => from);
    expect(imports.filter((from) => from?.includes('/policies/'))).toEqual([]);
  }
});

/** Puts a mistake into the registered object itself. */
function plant(name: string): void {
  const mutation = mutations.find((each) => each.name === name);
  const decisions = registeredDecisions();
  const wrong: NvidiaDecisions = mutation!.apply({ ...decisions });
  vi.spyOn(decisions, 'prefetchHint').mockImplementation((...given) => wrong.prefetchHint(...given));
  vi.spyOn(decisions, 'selectResidency').mockImplementation((...given) => {
    wrong.selectResidency(...given);
  });
  vi.spyOn(decisions, 'createThrashing').mockImplementation((...given) => wrong.createThrashing(...given));
}

const planted: readonly (readonly [name: string, vectors: VectorFile, golden: GoldenScenario['id']])[] = [
  ['a subtree that is just as dense as the threshold passes (>= for >)', 'prefetch', 'half-full'],
  ['pages do not grow to 64 KiB', 'prefetch', 'doubling'],
  ['pinning is one throttling late', 'thrashing', 'duel'],
  ['pages do not go to the preferred location', 'residency', 'preferred-location'],
];

describe('a mistake in the registered decisions breaks an oracle and a golden test', () => {
  it.each(planted)('%s', async (name, vectors, golden) => {
    const scenario = scenarios.find(({ id }) => id === golden)!;
    plant(name);
    expect(matching(check(vectors, registeredDecisions()))).toBeLessThan(VECTOR_FILES[vectors][1]);
    expect(await count(scenario)).not.toEqual(scenario.counts);
    vi.restoreAllMocks();
    expect(matching(check(vectors, registeredDecisions()))).toBe(VECTOR_FILES[vectors][1]);
    expect(await count(scenario)).toEqual(scenario.counts);
  });
});
