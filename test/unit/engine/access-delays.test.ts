/** Page walks and latency, as a whole run has them: on the machine with delays, and on the same machine without. */
import { describe, expect, it } from 'vitest';
import { bytes, MIB } from '../../../src-core/base/units';
import type { MachineSpec } from '../../../src-core/model/machine';
import { a100Pcie } from '../../../src-core/presets/machines/a100-pcie';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';
import { drive, makeScenario } from '../../property/drive';

const { gpu, ...plain } = a100Pcie;
const without = plain as MachineSpec;
const reaching = (tlbReach: number): MachineSpec => ({
  ...a100Pcie,
  gpu: { ...gpu!, tlbReach: { ...gpu!.tlbReach, value: bytes(tlbReach) } },
});

/** Time of a run whose only GPU step does so on 16 MiB that lie on the device already. */
async function timePs(machine: MachineSpec, work: string): Promise<number> {
  const text = `faultline: 1
name: delays
objects:
  a: { size: 16MiB, element: 64B, initially: host }
phases:
  - { name: warm, steps: [{ on: gpu0, do: [{ read: a }] }] }
  - { name: timed, steps: [{ on: gpu0, do: [${work}] }] }
`;
  const source = compileWorkload(loadWorkload(text, 'delays.yaml'));
  const run = await drive(source, makeScenario({ deviceMemoryBytes: 32 * MIB }), { machine });
  return run.run.memory.clocks.latest();
}

describe('delays of a run', () => {
  it.each(['{ read: a }', '{ read: a, pattern: random, count: 100000 }'])(
    'independent accesses (%s) hide them on a device full of thread groups',
    async (work) => {
      const slow = await timePs(a100Pcie, work);
      expect(slow / (await timePs(without, work))).toBeLessThan(1.001);
    },
  );

  it('a chase pays the latency of each access, and the walk of each that leaves the reach', async () => {
    const accesses = (16 * MIB) / 64;
    const chase = '{ read: a, pattern: chase }';
    const base = await timePs(without, chase);
    const inReach = (await timePs(a100Pcie, chase)) - base;
    const { memoryLatency, pageWalk } = gpu!;
    const walks = 8; // blocks of 2 MiB, which the first step left in reach
    expect(Math.abs(inReach - accesses * memoryLatency.value)).toBeLessThanOrEqual(walks * pageWalk.value);
    const beyond = (await timePs(reaching(2 * MIB), chase)) - base;
    const walksPerAccess = (beyond - inReach) / pageWalk.value / accesses;
    expect(walksPerAccess).toBeGreaterThan(0.85); // one block of eight in reach: 7/8
    expect(walksPerAccess).toBeLessThan(0.9);
  });
});
