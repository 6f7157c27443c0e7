/**
 * Modules of decisions in which a test can plant a mistake. A test file mocks a module with `plantable`, and everything that
 * imports it, the engine's mechanics and the oracle alike, gets the real functions until `plant` names others.
 */
import type { prefetchHint } from '../../../src-core/systems/nvidia-uvm/decisions/prefetch';
import type { selectResidency } from '../../../src-core/systems/nvidia-uvm/decisions/residency';
import type { createThrashing } from '../../../src-core/systems/nvidia-uvm/decisions/thrashing';

/** The decisions that vectors of the driver exist for. */
export interface Decisions {
  readonly prefetchHint: typeof prefetchHint;
  readonly selectResidency: typeof selectResidency;
  readonly createThrashing: typeof createThrashing;
}

const real: Partial<Decisions> = {};
let wrong: Partial<Decisions> = {};

/** For `vi.mock`: the module with one function that `plant` can replace. */
export async function plantable<N extends keyof Decisions, M extends Pick<Decisions, N>>(
  name: N,
  load: () => Promise<M>,
): Promise<M> {
  const module = await load();
  const original: (...given: readonly never[]) => unknown = module[name];
  Object.assign(real, { [name]: original });
  const call = (...given: readonly never[]): unknown => (wrong[name] ?? original)(...given);
  return { ...module, [name]: call };
}

/** Plants what `change` makes of the real decisions; without it, all are real again. */
export function plant(change?: (decisions: Decisions) => Decisions): void {
  const { prefetchHint, selectResidency, createThrashing } = real;
  if (!prefetchHint || !selectResidency || !createThrashing) throw new Error('a module of decisions is not mocked');
  wrong = change ? change({ prefetchHint, selectResidency, createThrashing }) : {};
}
