/** The oracle itself: every planted mistake has to be noticed by the vectors that should see it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as Prefetch from '../../../src-core/systems/nvidia-uvm/decisions/prefetch';
import type * as Residency from '../../../src-core/systems/nvidia-uvm/decisions/residency';
import type * as Thrashing from '../../../src-core/systems/nvidia-uvm/decisions/thrashing';
import { mutations } from './mutations';
import { plant } from './plantable';
import { check, matching, VECTOR_FILES } from './vectors';

vi.mock('../../../src-core/systems/nvidia-uvm/decisions/prefetch', async (load) => {
  const { plantable } = await import('./plantable');
  return plantable('prefetchHint', load<typeof Prefetch>);
});
vi.mock('../../../src-core/systems/nvidia-uvm/decisions/residency', async (load) => {
  const { plantable } = await import('./plantable');
  return plantable('selectResidency', load<typeof Residency>);
});
vi.mock('../../../src-core/systems/nvidia-uvm/decisions/thrashing', async (load) => {
  const { plantable } = await import('./plantable');
  return plantable('createThrashing', load<typeof Thrashing>);
});

afterEach(() => {
  plant();
});

describe('a planted mistake is noticed', () => {
  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s', (_, { files, apply }) => {
    plant(apply);
    const noticed = files.filter((file) => matching(check(file)) < VECTOR_FILES[file][1]);
    expect(noticed).not.toEqual([]);
  });
});
