import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src-core/base/units';
import type { SystemChoice } from '../../../src-core/model/memory-system';
import { findMachine, resolveSystem } from '../../../src-core/session/scenario';
import { drive, makeScenario } from '../../property/drive';
import { sourceOf } from '../../property/random-program';

const ELEMENT = 3 * MIB;
const ELEMENTS = 4;

/** A device writes elements that lie in two VA blocks each, with room for one block. */
async function driveOn(system: SystemChoice) {
  const program = {
    objects: [{ bytes: ELEMENTS * ELEMENT, elementBytes: ELEMENT, isOnHost: true }],
    parts: [
      {
        kind: 'step' as const,
        step: {
          processor: 1,
          batches: [
            {
              kind: 'groups' as const,
              groups: [
                {
                  count: ELEMENTS,
                  lanes: [{ op: 1 as const, object: 0, address: 0, stride: ELEMENT, bytes: ELEMENT }],
                },
              ],
            },
          ],
        },
      },
    ],
  };
  return drive(sourceOf(program), makeScenario({ deviceMemoryBytes: 2 * MIB, system }), {
    machine: findMachine('pcie4-16g'),
  });
}

describe('elements that span more than the device holds', () => {
  it.each(['nvidia-uvm', 'uvmsmart', 'hmm', 'amd-svm', 'xe-svm'])('are made piece by piece under %s', async (id) => {
    const { objects, run } = await driveOn(resolveSystem({ id })!);
    expect(run.finished).toBe(true);
    // One piece per page of 4 KiB, each written once and none left out.
    const pages = (ELEMENTS * ELEMENT) / 4096;
    expect(objects[0]!.gpu.writes).toBe(pages);
    expect(run.memory.accessCount).toBe(pages);
    expect(objects[0]!.evictions).toBeGreaterThan(0);
  });
});
