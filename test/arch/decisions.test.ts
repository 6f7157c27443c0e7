/**
 * The decisions that the oracle holds against the driver are those that the engine runs: both import the same modules. A
 * mistake planted in one shows in the recorded vectors and in golden counts alike.
 */
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import type * as Prefetch from '../../src-core/systems/nvidia-uvm/decisions/prefetch';
import type * as Residency from '../../src-core/systems/nvidia-uvm/decisions/residency';
import type * as Thrashing from '../../src-core/systems/nvidia-uvm/decisions/thrashing';
import { count, scenarios, type GoldenScenario } from '../golden/nvidia-uvm/scenarios';
import { mutations } from '../oracle/nvidia-uvm/mutations';
import { plant } from '../oracle/nvidia-uvm/plantable';
import { check, matching, VECTOR_FILES, type VectorFile } from '../oracle/nvidia-uvm/vectors';
import { codeFiles, read } from './project-files';

vi.mock('../../src-core/systems/nvidia-uvm/decisions/prefetch', async (load) => {
  const { plantable } = await import('../oracle/nvidia-uvm/plantable');
  return plantable('prefetchHint', load<typeof Prefetch>);
});
vi.mock('../../src-core/systems/nvidia-uvm/decisions/residency', async (load) => {
  const { plantable } = await import('../oracle/nvidia-uvm/plantable');
  return plantable('selectResidency', load<typeof Residency>);
});
vi.mock('../../src-core/systems/nvidia-uvm/decisions/thrashing', async (load) => {
  const { plantable } = await import('../oracle/nvidia-uvm/plantable');
  return plantable('createThrashing', load<typeof Thrashing>);
});

afterEach(() => {
  plant();
});

/** Modules of decisions that the files of a folder import for their functions. */
function decisionsOf(folder: string): Set<string> {
  const imports = codeFiles([folder]).flatMap((path) => [
    ...read(path).matchAll(/^import \{[^}]*\} from '[^']*\/decisions\/([a-z-]+)';/gm),
  ]);
  return new Set(imports.map(([, module]) => module!));
}

test.each(['prefetch', 'residency', 'thrashing'])('the oracle and the driver model import %s themselves', (module) => {
  expect(decisionsOf('src-core/session/oracle')).toContain(module);
  expect(decisionsOf('src-core/systems/nvidia-uvm/mechanics')).toContain(module);
});

const planted: readonly (readonly [name: string, vectors: VectorFile, golden: GoldenScenario['id']])[] = [
  ['a subtree that is just as dense as the threshold passes (>= for >)', 'prefetch', 'half-full'],
  ['pages do not grow to 64 KiB', 'prefetch', 'doubling'],
  ['pinning is one throttling late', 'thrashing', 'duel'],
  ['pages do not go to the preferred location', 'residency', 'preferred-location'],
];

describe('a mistake in a decision breaks an oracle and a golden test', () => {
  it.each(planted)('%s', async (name, vectors, golden) => {
    const scenario = scenarios.find(({ id }) => id === golden)!;
    plant(mutations.find((each) => each.name === name)!.apply);
    expect(matching(check(vectors))).toBeLessThan(VECTOR_FILES[vectors][1]);
    expect(await count(scenario)).not.toEqual(scenario.counts);
    plant();
    expect(matching(check(vectors))).toBe(VECTOR_FILES[vectors][1]);
    expect(await count(scenario)).toEqual(scenario.counts);
  });
});
