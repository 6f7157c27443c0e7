/** However a run is cut into slices, by pauses or by the event loop, it is the same run to the last byte. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findMachine, resolveScenario } from '../../../../src-core/session/scenario';
import { compileWorkload, loadWorkload } from '../../../../src-core/workload';
import { picoseconds } from '../../../../src-core/base/units';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { drive } from '../../../property/drive';
import { runEvents } from '../../../support/event-run';
import { examplesFolder } from '../../../support/session-client';

const file = (machine: string, body: string, repeat = 3): string => `faultline: 1
name: slices
machine: ${machine}
deviceMemory: 4MiB
system: nvidia-uvm
objects:
  a: { size: 5MiB, element: 64B, layout: array }
  b: { size: 300KiB, element: 12B, layout: array }
phases:
  - name: p
    repeat: ${repeat}
    steps:
${body}`;

const STEPS = `      - { on: cpu, do: [{ write: b }] }
      - { on: gpu0, do: [{ read: a }, { together: [{ read: b }, { write: b, direction: reverse }] }] }
      - { on: gpu0, do: [{ readwrite: a, pattern: random, count: 3000 }, { read: a, pattern: chase, part: [0, 0.05] }] }
      - concurrently:
          steps:
            - { on: cpu, do: [{ write: b, elements: [0, 200] }] }
            - { on: gpu0, do: [{ write: b, elements: [100, 400] }] }
`;

async function hashOf(text: string, slice: number): Promise<string> {
  const workload = loadWorkload(text, 'slices.yaml');
  const machine = findMachine(workload.machine ?? 'r0');
  const scenario = resolveScenario(workload, {}, machine);
  return (await drive(compileWorkload(workload, { seed: 1 }), scenario, { machine, slice })).hash;
}

describe('a UVM run in slices', () => {
  it.each(['titan-v', 'pcie4-16g', 'r0'])('on %s: one segment at a time, seven, and at once', async (machine) => {
    const text = file(machine, STEPS);
    const whole = await hashOf(text, 1e9);
    expect(await hashOf(text, 1)).toBe(whole);
    expect(await hashOf(text, 7)).toBe(whole);
    expect(await hashOf(text, 1e9)).toBe(whole);
  });

  it('of the driver log', async () => {
    const text = readFileSync(join(examplesFolder, 'validation/uvm-fault-log-abc.yaml'), 'utf8');
    expect(await hashOf(text, 1)).toBe(await hashOf(text, 1e9));
  });
});

it('ends on a machine whose batches cost nothing, although pages are throttled', async () => {
  const free = { value: picoseconds(0), source: 'a test', grade: 'definition' } as const;
  const { timing } = pcie4x16g;
  const machine = { ...pcie4x16g, timing: { ...timing!, batchFixed: free, batchPerFault: free, cpuFault: free } };
  const { run } = await runEvents(file('pcie4-16g', STEPS, 40), {}, machine);
  expect(run.finished).toBe(true);
});
